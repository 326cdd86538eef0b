//! Names and messages from repositories and clusters, made fit for a terminal: nothing in them moves
//! the cursor or changes colours.

/// Returns a text with its control characters replaced, line breaks and tabs excepted.
pub(super) fn printable(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character,
        character if character.is_control() => char::REPLACEMENT_CHARACTER,
        character => character,
    };
    text.chars().map(shown).collect()
}

/// Returns a text on one line.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<String> = text
        .split(['\n', '\r', '\t'])
        .map(|part| printable(part.trim()))
        .filter(|part| !part.is_empty())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{one_line, printable};

    #[test]
    fn what_a_terminal_would_obey_is_replaced() {
        assert_eq!(
            printable("a\x1b[31m\n\tb\x07"),
            "a\u{fffd}[31m\n\tb\u{fffd}"
        );
        assert_eq!(one_line(" a\r\n\n b\x1bc "), "a b\u{fffd}c");
    }
}

//! In which order the units of a source are woken by a new artifact: first those in whose folders
//! something changed. A unit that only follows the revision has time.
//!
//! This is a guess, because a folder may refer to others. It decides about the order alone.

use std::cmp::Ordering;

use manifests::{ArtifactPath, Tree};

/// Paths of files that differ between two trees, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ChangedFiles(Vec<ArtifactPath>);

impl ChangedFiles {
    /// Compares two trees, each of which lists its files in the order of their paths.
    pub(super) fn between(old: &Tree, new: &Tree) -> Self {
        let mut changed = Vec::new();
        let (mut old, mut new) = (old.files().peekable(), new.files().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            let gone = (order != Ordering::Greater).then(|| old.next()).flatten();
            let come = (order != Ordering::Less).then(|| new.next()).flatten();
            if gone.map(|(_, file)| file) != come.map(|(_, file)| file) {
                changed.extend(gone.or(come).map(|(path, _)| path.clone()));
            }
        }
        Self(changed)
    }

    /// Whether a file below a folder is among them.
    pub(super) fn are_below(&self, folder: &ArtifactPath) -> bool {
        if folder.is_root() {
            return !self.0.is_empty();
        }
        // What is below a folder follows it in the order of paths, but not at once: `a-b` comes
        // between `a` and `a/b`.
        let first = self.0.partition_point(|path| path < folder);
        let behind = self.0.iter().skip(first);
        behind
            .take_while(|path| path.as_str().starts_with(folder.as_str()))
            .any(|path| path.is_within(folder))
    }
}

#[cfg(test)]
mod tests {
    use manifests::File;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        for (path, content) in files {
            let file = File {
                content: content.as_bytes().to_vec().into(),
                executable: false,
            };
            tree.insert(path.parse().unwrap(), file);
        }
        tree
    }

    #[test]
    fn folders_are_told_in_which_files_changed_came_or_went() {
        let old = tree(&[("a/1", "x"), ("b/1", "x"), ("c/d/1", "x"), ("e/1", "x")]);
        let new = tree(&[("a/1", "y"), ("b/1", "x"), ("e/1", "x"), ("f/1", "x")]);
        let changed = ChangedFiles::between(&old, &new);
        let folders = ["a", "b", "c", "c/d", "e", "f", "."];
        let below: Vec<_> = folders
            .iter()
            .filter(|folder| changed.are_below(&folder.parse().unwrap()))
            .collect();
        assert_eq!(below, [&"a", &"c", &"c/d", &"f", &"."]);
        assert_eq!(ChangedFiles::between(&new, &new), ChangedFiles::default());
    }

    #[test]
    fn neighbour_of_like_name_is_no_part_of_a_folder() {
        let old = tree(&[("apps/1", "x"), ("apps-old/1", "x")]);
        let new = tree(&[("apps/1", "x"), ("apps-old/1", "y")]);
        let changed = ChangedFiles::between(&old, &new);
        assert!(!changed.are_below(&"apps".parse().unwrap()));
        let new = tree(&[("apps/1", "y"), ("apps-old/1", "y")]);
        let changed = ChangedFiles::between(&old, &new);
        assert!(changed.are_below(&"apps".parse().unwrap()));
    }
}

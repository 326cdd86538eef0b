use super::*;

#[test]
fn status_line_of_the_program_becomes_the_status() {
    let answer =
        parse(b"Status: 404 Not Found\r\nExpires: Fri\r\n\r\nnothing here").expect("CGI output");
    assert_eq!(answer.status, 404);
    assert_eq!(answer.headers, [("expires".to_owned(), "Fri".to_owned())]);
    assert_eq!(answer.body, b"nothing here");
}

#[test]
fn output_without_status_is_a_success() {
    assert_eq!(
        parse(b"Content-Type: a/b\r\n\r\n")
            .expect("CGI output")
            .status,
        200
    );
    assert!(parse(b"").is_err());
}

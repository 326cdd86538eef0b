use super::*;

#[test]
fn body_of_known_length_is_read() {
    let reply = parse(b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\n{\"a\":1}").expect("HTTP");
    assert_eq!(reply.status, 201);
    assert!(reply.is_success());
    assert_eq!(reply.json()["a"], 1);
}

#[test]
fn chunks_are_joined() {
    let reply = parse(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n",
    )
    .expect("HTTP");
    assert_eq!(reply.text(), "Wikipedia");
}

#[test]
fn cut_answers_are_refused() {
    assert!(parse(b"").is_err());
    assert!(parse(b"SSH-2.0-OpenSSH_9.2\r\n").is_err());
    assert!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").is_err());
    assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWi").is_err());
}

use crate::{ErrorKind, GitUrl};

#[test]
fn http_https_and_ssh_are_accepted() {
    for text in [
        "http://h/r",
        "https://h:8443/team/r.git",
        "ssh://git@h:2222/team/r.git",
    ] {
        assert_eq!(text.parse::<GitUrl>().unwrap().to_string(), text);
    }
}

#[test]
fn scp_style_and_other_schemes_are_refused() {
    for text in [
        "git@github.com:team/repo",
        "file:///srv/repo",
        "git://h/r",
        "ext::sh -c x",
        "https://",
        "ssh://-oProxyCommand=x/r",
    ] {
        let error = text.parse::<GitUrl>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UrlInvalid, "{text}");
    }
}

#[test]
fn no_text_shows_the_password() {
    let url: GitUrl = "https://user:hunter%2B2@h/r".parse().unwrap();
    assert_eq!(format!("{url} {url:?}"), "https://h/r GitUrl(https://h/r)");
    assert_eq!(url.user(), Some("user"));
    assert_eq!(url.password().unwrap().expose(), b"hunter+2");

    let error = "ftp://user:hunter2@h/r"
        .parse::<GitUrl>()
        .unwrap_err()
        .to_string();
    assert!(!error.contains("hunter2"), "{error}");
}

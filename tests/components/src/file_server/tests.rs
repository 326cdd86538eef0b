use super::*;

fn get(path: &str, tag: Option<&str>) -> Request {
    Request {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: String::new(),
        headers: tag
            .map(|tag| ("if-none-match".to_owned(), tag.to_owned()))
            .into_iter()
            .collect(),
        body: Vec::new(),
    }
}

#[test]
fn known_content_is_not_sent_again() {
    let root = tempfile::tempdir().expect("a temporary folder");
    fs::write(root.path().join("index.yaml"), "entries: {}").expect("a file");
    let first = answer(&get("/index.yaml", None), root.path()).expect("an answer");
    assert_eq!(
        (first.status, first.body.as_slice()),
        (200, b"entries: {}".as_slice())
    );
    let tag = &first.headers[1].1;
    let second = answer(&get("/index.yaml", Some(tag)), root.path()).expect("an answer");
    assert_eq!((second.status, second.body.len()), (304, 0));
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("root");
    fs::create_dir(&root).expect("a folder");
    fs::write(folder.path().join("secret"), "x").expect("a file");
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "//../secret",
        "/absent",
        "/",
    ] {
        assert_eq!(
            answer(&get(path, None), &root).expect("an answer").status,
            404,
            "{path}"
        );
    }
}

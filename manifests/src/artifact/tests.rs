use bytes::Bytes;

use super::{File, Omission, Tree};
use crate::ArtifactPath;

fn path(text: &str) -> ArtifactPath {
    text.parse().unwrap()
}

fn tree(files: &[&str]) -> Tree {
    let mut tree = Tree::default();
    for file in files {
        let content = Bytes::copy_from_slice(file.as_bytes());
        tree.insert(
            path(file),
            File {
                content,
                executable: false,
            },
        );
    }
    tree
}

fn below<'a>(tree: &'a Tree, directory: &'a ArtifactPath) -> Vec<&'a str> {
    tree.files_below(directory)
        .map(|(path, _)| path.as_str())
        .collect()
}

#[test]
fn files_below_a_directory_are_not_those_of_its_namesakes() {
    let tree = tree(&["a", "a-b/x", "a.yaml", "b/c/d", "b/c-d", "b/c.yaml", "b/e"]);
    assert_eq!(
        below(&tree, &path("b")),
        ["b/c-d", "b/c.yaml", "b/c/d", "b/e"]
    );
    assert_eq!(below(&tree, &path("b/c")), ["b/c/d"]);
    assert_eq!(below(&tree, &path("a")), ["a"]);
    assert_eq!(below(&tree, &ArtifactPath::ROOT).len(), 7);
    assert!(below(&tree, &path("none")).is_empty());
}

#[test]
fn directories_are_beginnings_of_paths() {
    let tree = tree(&["a/b/c", "d"]);
    for directory in ["", "a", "a/b"] {
        assert!(tree.is_directory(&path(directory)), "{directory:?}");
    }
    for other in ["a/b/c", "d", "x", "a/bb"] {
        assert!(!tree.is_directory(&path(other)), "{other:?}");
    }
}

#[test]
fn tree_knows_its_size_and_what_was_left_out() {
    let mut tree = tree(&["a", "bc"]);
    tree.omit(path("link"), Omission::Link);
    assert_eq!((tree.len(), tree.size(), tree.is_empty()), (2, 3, false));
    assert_eq!(tree.omission(&path("link")), Some(Omission::Link));
    assert_eq!(tree.omission(&path("a")), None);
    assert_eq!(tree.omissions().count(), 1);
    assert!(Omission::Link.reason().contains("symbolic link"));
}

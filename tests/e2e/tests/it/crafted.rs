//! Repositories as no honest Git writes them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use components::Repository;

/// Runs git in the bare repository with some input and returns what it printed.
fn git(repository: &Repository, arguments: &[&str], input: &[u8]) -> String {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(repository.path())
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git starts");
    let mut stdin = child.stdin.take().expect("its input is ours");
    stdin.write_all(input).expect("git reads");
    drop(stdin);
    let output = child.wait_with_output().expect("git ends");
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Writes a file's content and returns its id.
pub(crate) fn blob(repository: &Repository, content: &[u8]) -> String {
    git(repository, &["hash-object", "-w", "--stdin"], content)
}

/// Writes a blob of zeros that takes no room on disk, and returns its id.
pub(crate) fn zeros(repository: &Repository, folder: &Path, size: u64) -> String {
    let path = folder.join("zeros");
    std::fs::File::create(&path)
        .and_then(|file| file.set_len(size))
        .expect("a sparse file is made");
    let text = path.display().to_string();
    let arguments = ["-c", "core.compression=1", "hash-object", "-w", &text];
    let id = git(repository, &arguments, b"");
    std::fs::remove_file(&path).expect("it is removed");
    id
}

/// Writes a folder exactly as given (mode, name, id); git's own checks are switched off.
pub(crate) fn tree(repository: &Repository, entries: &[(&str, &str, &str)]) -> String {
    let mut tree = Vec::new();
    for (mode, name, id) in entries {
        tree.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        let digits: Vec<char> = id.chars().collect();
        for pair in digits.chunks(2) {
            let byte: String = pair.iter().collect();
            tree.push(u8::from_str_radix(&byte, 16).expect("an id is hexadecimal"));
        }
    }
    let arguments = ["hash-object", "-w", "-t", "tree", "--literally", "--stdin"];
    git(repository, &arguments, &tree)
}

/// Makes `main` a commit of a folder.
pub(crate) fn set_main(repository: &Repository, tree: &str) {
    let commit = git(repository, &["commit-tree", tree, "-m", "crafted"], b"");
    git(repository, &["update-ref", "refs/heads/main", &commit], b"");
}

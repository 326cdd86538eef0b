use super::*;

/// E-133: the version is a suffix, the prefix a prefix.
#[test]
fn name_holds_prefix_and_version() {
    let item = RemoteRef::new("db/password").version("3").item();
    assert_eq!(name("/prod/", &item), "/prod/db/password:3");
    assert_eq!(name("", &RemoteRef::new("/a").item()), "/a");
}

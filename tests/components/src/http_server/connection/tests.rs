use super::*;

#[test]
fn paths_are_decoded() {
    assert_eq!(
        percent_decoded("/team/my%20app.git/HEAD"),
        "/team/my app.git/HEAD"
    );
    assert_eq!(percent_decoded("/100%"), "/100%");
}

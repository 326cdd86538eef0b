use super::{Cause, hint, is_immutable, of_secret};

const SECRET: &str = "hunter2";

fn cause<'a>(field: &'a str, message: &'a str) -> Cause<'a> {
    Cause {
        field,
        reason: "FieldValueInvalid",
        message,
    }
}

/// S8: texts of the API server that quote values, and what is left of them.
#[test]
fn field_path_and_reason_are_kept_and_values_are_not() {
    let invalid = format!("Invalid value: \"{SECRET}\": must be a valid thing");
    assert_eq!(
        of_secret(
            "Invalid",
            &format!("Secret \"a\" is invalid: data[k]: {invalid}"),
            [cause("data[k]", &invalid)]
        ),
        "data[k]: FieldValueInvalid"
    );
    let immutable = format!("Invalid value: \"{SECRET}\": field is immutable");
    assert_eq!(
        of_secret(
            "Invalid",
            "",
            [
                cause("type", &immutable),
                cause("data", "field is immutable when `immutable` is set")
            ]
        ),
        "type: field is immutable, data: field is immutable"
    );
}

/// S8
#[test]
fn decoding_errors_say_what_to_mend_without_the_bytes_around() {
    let table = [
        (
            format!(
                "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 4, near {SECRET}"
            ),
            "data values must be base64",
        ),
        (
            format!(
                "json: cannot unmarshal number into Go struct field Secret.data of type []uint8 {SECRET}"
            ),
            "data values must be of type string",
        ),
        (
            format!("error found in #10 byte of ...|{SECRET}|..., bigger context ...|{SECRET}|..."),
            "the API server's text is withheld, it may quote values",
        ),
    ];
    for (message, expected) in table {
        assert_eq!(of_secret("BadRequest", &message, []), expected);
    }
}

#[test]
fn missing_rights_name_user_and_verb() {
    let message = "secrets \"a\" is forbidden: User \"system:serviceaccount:apps:deployer\" cannot patch resource \"secrets\" in API group \"\" in the namespace \"apps\"";
    assert_eq!(
        of_secret("Forbidden", message, []),
        "user \"system:serviceaccount:apps:deployer\" cannot patch resource \"secrets\" in API group \"\" in the namespace \"apps\""
    );
    let webhook = format!("admission webhook \"x\" denied the request: {SECRET}");
    assert_eq!(
        of_secret("Forbidden", &webhook, []),
        "the API server's text is withheld, it may quote values"
    );
}

#[test]
fn reasons_and_paths_that_are_none_are_dropped() {
    let odd = Cause {
        field: "data[hunter2 and more]",
        reason: "hunter2 said",
        message: "",
    };
    assert_eq!(
        of_secret("some text", "", [odd]),
        "the API server's text is withheld, it may quote values"
    );
}

#[test]
fn immutable_fields_are_recognised() {
    assert!(is_immutable(
        "Secret \"a\" is invalid: type: Invalid value: \"x\": field is immutable",
        []
    ));
    assert!(is_immutable(
        "",
        [cause("data", "field is immutable when `immutable` is set")]
    ));
    assert!(!is_immutable("something else", []));
}

proptest::proptest! {
    /// S8: whatever the server says, none of it gets through but known words.
    #[test]
    fn free_text_never_gets_through(text in "[ -~]{0,80}") {
        let message = format!("{SECRET} {text} {SECRET}");
        let shown = of_secret("Invalid", &message, [cause("data[k]", &message)]);
        proptest::prop_assert!(!shown.contains(SECRET), "{}", shown);
        let shown = of_secret("Forbidden", &message, []);
        proptest::prop_assert!(!shown.contains(SECRET), "{}", shown);
    }
}

/// G-208: who may not do what is told for every kind of object that holds plaintext.
#[test]
fn missing_rights_are_told_for_any_resource() {
    let message = "configmaps \"a\" is forbidden: User \"system:serviceaccount:a:b\" cannot patch \
                   resource \"configmaps\" in API group \"\" in the namespace \"a\"";
    assert_eq!(
        of_secret("Forbidden", message, []),
        "user \"system:serviceaccount:a:b\" cannot patch resource \"configmaps\" in API group \"\" in the namespace \"a\""
    );
    let hostile = |resource: &str, group: &str, namespace: &str| {
        format!(
            "x is forbidden: User \"a\" cannot get resource \"{resource}\" in API group \"{group}\" \
             in the namespace \"{namespace}\""
        )
    };
    let free = format!("{SECRET} Y");
    for text in [
        hostile(&free, "", "a"),
        hostile("pods", &free, "a"),
        hostile("pods", "", &free),
    ] {
        assert!(
            !of_secret("Forbidden", &text, []).contains(SECRET),
            "{text}"
        );
        assert_eq!(hint("Forbidden", &text), None, "{text}");
    }
}

/// G-208: the next step names whom to allow what, and by what.
#[test]
fn missing_rights_come_with_the_next_step() {
    let of = |user: &str, group: &str, place: &str| {
        let message = format!(
            "deployments.apps \"a\" is forbidden: User \"{user}\" cannot patch resource \"deployments\" \
             in API group \"{group}\" {place}"
        );
        hint("Forbidden", &message).unwrap()
    };
    assert_eq!(
        of(
            "system:serviceaccount:prod:deployer",
            "apps",
            "in the namespace \"prod\""
        ),
        "hint: allow ServiceAccount prod/deployer to patch deployments.apps by a Role and a \
         RoleBinding in namespace \"prod\""
    );
    assert_eq!(
        of("jane", "", "at the cluster scope: RBAC: not found"),
        "hint: allow user \"jane\" to patch deployments by a ClusterRole and a ClusterRoleBinding"
    );
    assert_eq!(hint("Invalid", "x"), None);
}

use super::SecretBytes;

/// I1
#[test]
fn debug_text_is_fixed_and_holds_no_plaintext() {
    let secret = SecretBytes::new(b"hunter2".to_vec());
    assert_eq!(format!("{secret:?}"), "SecretBytes([redacted])");
    assert_eq!(
        format!("{:#?}", Some(&secret)),
        "Some(\n    SecretBytes([redacted]),\n)"
    );
}

#[test]
fn debug_text_does_not_depend_on_length() {
    let short = SecretBytes::new(Vec::new());
    let long = SecretBytes::new(vec![7; 4096]);
    assert_eq!(format!("{short:?}"), format!("{long:?}"));
}

#[test]
fn equality_is_by_content() {
    assert_eq!(
        SecretBytes::new(b"a".to_vec()),
        SecretBytes::new(b"a".to_vec())
    );
    assert_ne!(
        SecretBytes::new(b"a".to_vec()),
        SecretBytes::new(b"b".to_vec())
    );
    assert_ne!(
        SecretBytes::new(b"a".to_vec()),
        SecretBytes::new(b"aa".to_vec())
    );
}

#[test]
fn wiping_clears_the_bytes_that_were_held() {
    use zeroize::Zeroize;
    let mut secret = SecretBytes::new(b"hunter2".to_vec());
    secret.0.zeroize();
    assert!(secret.is_empty());
}

/// I1
#[test]
fn holding_type_wipes_on_drop() {
    fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    let secret = SecretBytes::new(b"hunter2".to_vec());
    wiped_on_drop(&secret.0);
}

#[test]
fn text_view_refuses_invalid_utf8() {
    assert!(SecretBytes::new(vec![0xff]).expose_str().is_err());
    assert_eq!(SecretBytes::from("ä".to_owned()).expose_str(), Ok("ä"));
}

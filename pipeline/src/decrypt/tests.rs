use manifests::{Dialect, Limits, read_yaml_as};

use super::{DataKeys, scan_objects};
use crate::fixtures::sealed::{COMPLETE, PLAIN, body, read, scan, unwrap};
use crate::redact::Taint;
use crate::unit::{Decryption, MacPolicy, flux};

proptest::proptest! {
    /// Whatever is changed in an encrypted file, it is refused or opens to the same values.
    #[test]
    fn changed_ciphertext_never_opens_to_something_else(at in 0..COMPLETE.len(), byte in b' '..b'~') {
        let mut changed = COMPLETE.as_bytes().to_vec();
        changed[at] = byte;
        let Ok(text) = String::from_utf8(changed) else { return Ok(()) };
        if read_yaml_as(Dialect::Kustomize, text.as_bytes(), None, &Limits::default()).is_err() {
            return Ok(());
        }
        let Ok(files) = scan(&[("secret.yaml", &text)], &[]) else { return Ok(()) };
        let mut keys = DataKeys::default();
        unwrap(files.needs(&DataKeys::default()), &mut keys);
        let Ok(opened) = files.open(&keys, MacPolicy::Refuse) else { return Ok(()) };
        let Ok(objects) = scan_objects(
            read(&text), &opened.authenticated, Some(&Decryption::default()), &flux::protections(),
        ) else { return Ok(()) };
        let Ok(opened) = objects.open(&keys, MacPolicy::Refuse, Taint::default()) else { return Ok(()) };
        let expected = read(PLAIN);
        proptest::prop_assert_eq!(&body(&opened.manifests[0])["data"], &expected[0].object()["data"]);
    }
}

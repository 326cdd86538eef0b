//! One file for each job of `kubeseal`.

pub(super) mod fetch_certificate;
pub(super) mod merge_into;
pub(super) mod raw;
pub(super) mod re_encrypt;
pub(super) mod recovery_unseal;
pub(super) mod seal;
pub(super) mod validate;

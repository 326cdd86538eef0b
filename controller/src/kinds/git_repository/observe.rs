//! What has to be read: the credentials.

use std::sync::Arc;

use sources::Credentials;

use super::parse::Wanted;
use crate::context::Context;
use crate::error::Error;
use crate::secrets;

/// The credentials, empty when the object names none.
pub(crate) struct Found {
    pub(super) credentials: Arc<Credentials>,
}

/// Reads the Secret in the object's own namespace.
pub(super) async fn observe(wanted: &Wanted, context: &Context) -> Result<Found, Error> {
    let credentials = match &wanted.secret {
        Some(name) => {
            let data = secrets::read(context, &wanted.namespace, name)
                .await
                .map_err(|error| error.with_reason("AuthenticationFailed"))?;
            Credentials::from_secret(&wanted.url, &data)?
        }
        None => Credentials::default(),
    };
    Ok(Found {
        credentials: Arc::new(credentials),
    })
}

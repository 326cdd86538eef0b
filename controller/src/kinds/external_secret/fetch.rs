//! Fetches the values of all entries, all at once; they are put together in their order (§9.1).

use std::sync::Arc;

use api::external_secrets::DeletionPolicy;
use futures::future::join_all;
use providers::Fetch;

use super::parse::{Becomes, Entry, Refusal, Wanted};
use super::status::{COULD_NOT_FETCH, SYNC_ERROR};
use super::values::{self, UnfitValue};
use crate::context::Context;
use crate::error::{Category, Chain, Error};
use crate::secrets::Data;

/// What the stores hold.
pub(super) struct Fetched {
    pub(super) data: Data,
    /// The entries whose items do not exist, as an event tells it.
    pub(super) missing: Vec<String>,
}

/// Fetches everything, or nothing: one entry that fails fails the whole.
pub(super) async fn fetch(wanted: &Wanted, context: &Context) -> Result<Fetched, Error> {
    let entries = wanted.entries.as_deref().map_err(Refusal::error)?;
    let reads = Fetch::new();
    let under_way = entries
        .iter()
        .map(|entry| one(entry, &wanted.namespace, &reads, context));
    let mut fetched = Fetched {
        data: Data::new(),
        missing: Vec::new(),
    };
    for (entry, outcome) in entries.iter().zip(join_all(under_way).await) {
        match outcome {
            Ok(data) => fetched.data.extend(data),
            Err(Failure::NoSecret(_)) if wanted.target.deletion != DeletionPolicy::Retain => {
                fetched.missing.push(missing(entry));
            }
            Err(Failure::NoSecret(cause) | Failure::Other(cause)) => {
                return Err(failed(entry, &cause));
            }
        }
    }
    Ok(fetched)
}

/// Why an entry has no value.
enum Failure {
    /// The backend has no such item.
    NoSecret(Error),
    /// Anything else.
    Other(Error),
}

async fn one(
    entry: &Entry,
    namespace: &str,
    reads: &Fetch,
    context: &Context,
) -> Result<Data, Failure> {
    let store = context
        .stores
        .connect(&entry.store, namespace, context)
        .await
        .map_err(Failure::Other)?;
    let data = match &entry.becomes {
        Becomes::Value { key } => reads
            .get(&store, &entry.remote)
            .await
            .map(|value| Data::from([(key.clone(), Arc::new(value))])),
        Becomes::Members { .. } => reads.get_map(&store, &entry.remote).await,
    };
    let data = data.map_err(|error| {
        let is_missing = error.is_no_secret();
        let error = Error::from(error);
        if is_missing {
            Failure::NoSecret(error)
        } else {
            Failure::Other(error)
        }
    })?;
    fit(entry, data).map_err(Failure::Other)
}

/// Makes keys and values fit for a Secret.
fn fit(entry: &Entry, data: Data) -> Result<Data, Error> {
    let unfit = |before: String| {
        move |source: UnfitValue| {
            Error::new(Category::Invalid, SYNC_ERROR, format!("{before}{source}"))
        }
    };
    let data = match &entry.becomes {
        Becomes::Value { .. } => data,
        Becomes::Members { conversion } => {
            let data = values::converted(data, *conversion).map_err(unfit(format!(
                "error applying conversion strategy {conversion:?} to keys: "
            )))?;
            values::with_valid_keys(data).map_err(unfit(
                "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): "
                    .to_owned(),
            ))?
        }
    };
    data.into_iter()
        .map(|(key, value)| {
            let strategy = entry.decoding;
            let value = values::decoded(&key, value, strategy).map_err(unfit(format!(
                "error applying decoding strategy {} to data: ",
                values::name_of(strategy)
            )))?;
            values::without_null_bytes(&key, &value, entry.null_bytes)
                .map_err(unfit(String::new()))?;
            Ok((key, value))
        })
        .collect()
}

/// COMPAT: entries of `data` are told in the words of `dataFrom` as well.
fn missing(entry: &Entry) -> String {
    let index = entry
        .place
        .split_once('[')
        .map_or("", |(_, index)| index.trim_end_matches(']'));
    format!(
        "secret does not exist at provider using spec.dataFrom[{index}] (key={})",
        entry.remote.key
    )
}

fn failed(entry: &Entry, cause: &Error) -> Error {
    let place = &entry.place;
    let text = Chain(cause);
    let told = match &entry.becomes {
        Becomes::Value { .. } => format!(
            "error processing {place} (key: {}), err: {text}",
            entry.remote.key
        ),
        Becomes::Members { .. } => format!("error processing {place}.extract, err: {text}"),
    };
    Error::new(cause.category(), SYNC_ERROR, COULD_NOT_FETCH).because(told)
}

#[cfg(test)]
mod tests {
    use api::external_secrets::{ConversionStrategy, DecodingStrategy, NullBytePolicy, StoreKind};
    use providers::RemoteRef;
    use secret_bytes::SecretBytes;

    use super::*;
    use crate::stores::StoreId;

    fn entry(place: &str, becomes: Becomes) -> Entry {
        Entry {
            place: place.to_owned(),
            store: StoreId {
                kind: StoreKind::SecretStore,
                name: "vault".to_owned(),
            },
            remote: RemoteRef::new("team/db"),
            becomes,
            decoding: DecodingStrategy::Base64,
            null_bytes: NullBytePolicy::Fail,
        }
    }

    fn extract() -> Entry {
        let conversion = ConversionStrategy::Default;
        entry("spec.dataFrom[2]", Becomes::Members { conversion })
    }

    fn data(key: &str, value: &str) -> Data {
        let value = Arc::new(SecretBytes::from(value.to_owned()));
        Data::from([(key.to_owned(), value)])
    }

    /// E-034: the condition is generic, the event says which entry and why.
    #[test]
    fn failure_names_the_entry_and_keeps_its_category() {
        let cause = Error::new(Category::Unavailable, "StoreError", "cannot read secret");
        let key = "password".to_owned();
        let error = failed(&entry("spec.data[0]", Becomes::Value { key }), &cause);
        assert_eq!(error.to_string(), "could not get secret data from provider");
        assert_eq!(error.category(), Category::Unavailable);
        assert!(
            Chain(&error).to_string().ends_with(
                ": error processing spec.data[0] (key: team/db), err: cannot read secret"
            )
        );
        let error = failed(&extract(), &cause);
        assert!(
            Chain(&error)
                .to_string()
                .ends_with(": error processing spec.dataFrom[2].extract, err: cannot read secret")
        );
    }

    /// E-065.
    #[test]
    fn missing_item_is_told_by_place_and_key() {
        assert_eq!(
            missing(&extract()),
            "secret does not exist at provider using spec.dataFrom[2] (key=team/db)"
        );
    }

    /// E-077, E-084: members are converted, checked and decoded.
    #[test]
    fn members_become_fit() {
        let fit = fit(&extract(), data("a/b", "aGVsbG8=")).unwrap();
        assert_eq!(fit, {
            let mut wanted = Data::new();
            wanted.extend(data("a_b", "hello"));
            wanted
        });
    }

    /// E-084, E-038: the text holds the key and nothing of the value.
    #[test]
    fn unfit_value_is_told_by_its_key() {
        let error = fit(&extract(), data("token", "hunter2!")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "error applying decoding strategy Base64 to data: \
             failure decoding key token: illegal base64 data"
        );
    }
}

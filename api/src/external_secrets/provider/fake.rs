//! The provider `fake`: values written into the store itself.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Unmodelled;

/// Values written into the store itself, for tests.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FakeProvider {
    /// The values.
    pub data: Vec<FakeData>,

    /// What checking the store gives: 0 ready, 1 unknown, 2 an error. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_result: Option<i32>,

    /// Fields that are not supported yet.
    #[serde(flatten)]
    pub unmodelled: Unmodelled,
}

/// One value of a fake store. Its `Debug` text leaves the value out.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct FakeData {
    /// Key the value is asked for by.
    pub key: String,

    /// The value.
    pub value: String,

    /// Version the value is asked for by. Default: none, which is a version of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl fmt::Debug for FakeData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FakeData")
            .field("key", &self.key)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

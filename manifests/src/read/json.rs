//! A JSON stream: bounded, with duplicate keys refused.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Document, Failure, Limits, Problem, scalar};

/// Reads every value of the stream.
pub(super) fn documents(bytes: &[u8], limits: &Limits) -> Result<Vec<Document>, Failure> {
    let fail = |document, problem| Failure {
        document,
        position: None,
        problem,
    };
    if bytes.len() > limits.bytes {
        return Err(fail(
            0,
            Problem::TooLarge {
                limit: limits.bytes,
            },
        ));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| fail(0, Problem::Encoding))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = serde_json::Deserializer::from_str(text);
    let budget = Budget {
        limits,
        nodes: Cell::new(0),
        problem: RefCell::new(None),
    };
    let mut documents = Vec::new();
    // `end` skips white space and fails exactly when there is more to read.
    while reader.end().is_err() {
        let index = documents.len();
        if index == limits.documents {
            return Err(fail(
                index,
                Problem::TooManyDocuments {
                    limit: limits.documents,
                },
            ));
        }
        let seed = Seed {
            budget: &budget,
            depth: 0,
        };
        let value = seed.deserialize(&mut reader).map_err(|error| {
            let problem = budget
                .problem
                .take()
                .unwrap_or_else(|| syntax(&error, limits));
            Failure {
                document: index,
                position: Some((error.line(), error.column())),
                problem,
            }
        })?;
        documents.push(Document {
            index,
            position: None,
            value,
        });
    }
    Ok(documents)
}

/// Takes the reader's words, which are constant sentences, without its own place.
fn syntax(error: &serde_json::Error, limits: &Limits) -> Problem {
    let text = error.to_string();
    let reason = text
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    if reason == "recursion limit exceeded" {
        return Problem::TooDeep {
            limit: limits.depth,
        };
    }
    Problem::Syntax { reason }
}

struct Budget<'a> {
    limits: &'a Limits,
    nodes: Cell<usize>,
    problem: RefCell<Option<Problem>>,
}

impl Budget<'_> {
    /// Stops reading; the reason is kept apart because the reader's errors hold text only.
    fn stop<E: serde::de::Error>(&self, problem: Problem) -> E {
        self.problem.replace(Some(problem));
        E::custom("refused")
    }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    budget: &'a Budget<'a>,
    depth: usize,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let limit = self.budget.limits.depth;
        if self.depth >= limit {
            return Err(self.budget.stop(Problem::TooDeep { limit }));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let limit = self.budget.limits.nodes;
        if self.budget.nodes.get() >= limit {
            return Err(self.budget.stop(Problem::TooManyValues { limit }));
        }
        self.budget.nodes.set(self.budget.nodes.get() + 1);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        scalar::float(number).map_err(|problem| self.budget.stop(problem))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let item = self.deeper()?;
        let mut items = Vec::new();
        while let Some(value) = access.next_element_seed(item)? {
            items.push(value);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let value = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if object.contains_key(&key) {
                let problem = Problem::DuplicateKey { key };
                self.budget.problem.replace(Some(problem));
                return Err(A::Error::custom("refused"));
            }
            let entry = access.next_value_seed(value)?;
            object.insert(key, entry);
        }
        Ok(Value::Object(object))
    }
}

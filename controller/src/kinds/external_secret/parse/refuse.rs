//! What an ExternalSecret may not ask for: what is not built, named by its field, and what
//! contradicts itself.

use api::external_secrets::{
    CreationPolicy, DataFromEntry, DeletionPolicy, ExternalSecretSpec, Template,
};

use crate::error::{Category, Error};
use crate::kinds::external_secret::status::SYNC_ERROR;

/// Why the object has to be edited.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    text: String,
    cause: Option<&'static str>,
}

impl Refusal {
    /// Refuses with one sentence for the condition and the event.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            cause: None,
        }
    }

    /// Returns the refusal as what fails the sync.
    pub(crate) fn error(&self) -> Error {
        let error = Error::new(Category::Invalid, SYNC_ERROR, self.text.as_str());
        match self.cause {
            Some(cause) => error.because(cause),
            None => error,
        }
    }
}

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(text)
}

/// Refuses what is not built: doing a part of it would make a Secret that is not what was asked for.
pub(super) fn unsupported(spec: &ExternalSecretSpec) -> Result<(), Refusal> {
    let refuse = |field: String| Err(invalid(format!("{field} is not supported yet")));
    if spec.target.manifest.is_some() {
        return Err(Refusal {
            text: "invalid generic target".to_owned(),
            cause: Some(
                "generic targets are disabled. Enable with --unsafe-allow-generic-targets flag",
            ),
        });
    }
    if spec.sync_windows.is_some() {
        return refuse("spec.syncWindows".to_owned());
    }
    for (index, entry) in spec.data_from.iter().enumerate() {
        let is_generated = entry
            .source_ref
            .as_ref()
            .is_some_and(|source| source.generator_ref.is_some());
        let field = if is_generated {
            "sourceRef.generatorRef"
        } else if entry.find.is_some() {
            "find"
        } else if !entry.rewrite.is_empty() {
            "rewrite"
        } else {
            continue;
        };
        return refuse(format!("spec.dataFrom[{index}].{field}"));
    }
    for (index, entry) in spec.data.iter().enumerate() {
        let source = entry.source_ref.as_ref();
        if source.is_some_and(|source| source.generator_ref.is_some()) {
            return refuse(format!("spec.data[{index}].sourceRef.generatorRef"));
        }
    }
    spec.target.template.as_ref().map_or(Ok(()), template)
}

/// Refuses templates of values. Metadata without a template expression is taken as it is.
fn template(template: &Template) -> Result<(), Refusal> {
    let refuse = |field: String| {
        Err(invalid(format!(
            "spec.target.template.{field} is not supported yet"
        )))
    };
    if !template.data.is_empty() {
        return refuse("data".to_owned());
    }
    if !template.template_from.is_empty() {
        return refuse("templateFrom".to_owned());
    }
    let metadata = template.metadata.clone().unwrap_or_default();
    let fields = [
        ("labels", &metadata.labels),
        ("annotations", &metadata.annotations),
    ];
    for (field, texts) in fields {
        let expression = texts.iter().find(|(_, text)| text.contains("{{"));
        if let Some((key, _)) = expression {
            return refuse(format!("metadata.{field}[{key:?}] with an expression"));
        }
    }
    match template.kind.as_deref() {
        Some("bootstrap.kubernetes.io/token") => Err(invalid(
            "bootstrap tokens are no target of an ExternalSecret",
        )),
        Some("kubernetes.io/service-account-token")
            if metadata
                .annotations
                .contains_key("kubernetes.io/service-account.name") =>
        {
            Err(invalid(
                "tokens of ServiceAccounts are no target of an ExternalSecret",
            ))
        }
        _ => Ok(()),
    }
}

/// Refuses what contradicts itself, in the words of the admission webhook.
pub(super) fn contradictions(spec: &ExternalSecretSpec) -> Result<(), Refusal> {
    let target = &spec.target;
    let keeps_others = matches!(
        target.creation_policy,
        CreationPolicy::Merge | CreationPolicy::None | CreationPolicy::CreateOrMerge
    );
    if target.deletion_policy == DeletionPolicy::Delete && keeps_others {
        return Err(invalid(
            "deletionPolicy=Delete must not be used when the controller doesn't own the secret. \
             Please set creationPolicy=Owner",
        ));
    }
    if target.deletion_policy == DeletionPolicy::Merge
        && target.creation_policy == CreationPolicy::None
    {
        return Err(invalid(
            "deletionPolicy=Merge must not be used with creationPolicy=None. \
             There is no Secret to merge with",
        ));
    }
    if spec.data.is_empty() && spec.data_from.is_empty() {
        return Err(invalid("either data or dataFrom should be specified"));
    }
    spec.data_from.iter().enumerate().try_for_each(one_source)
}

fn one_source((index, entry): (usize, &DataFromEntry)) -> Result<(), Refusal> {
    let is_generated = entry
        .source_ref
        .as_ref()
        .is_some_and(|source| source.generator_ref.is_some());
    let sources = [entry.extract.is_some(), entry.find.is_some(), is_generated];
    match sources.into_iter().filter(|is_there| *is_there).count() {
        1 => Ok(()),
        _ => Err(invalid(format!(
            "spec.dataFrom[{index}] must have exactly one of extract, find and sourceRef.generatorRef"
        ))),
    }
}

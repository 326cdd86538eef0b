use serde_json::json;

use super::*;

fn app() -> Application {
    let object = json!({
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "shop",
            "source": {"repoURL": "https://git.example.com/r", "path": "p"},
            "destination": {"server": "https://kubernetes.default.svc"},
        },
        "status": {"conditions": [{"type": "OwnershipConflict", "message": "theirs"}]},
    });
    serde_json::from_value(object).unwrap()
}

fn unknown_project() -> Error {
    let message = "Application referencing project shop which does not exist";
    Error::new(Category::Invalid, argo::INVALID_SPEC_ERROR, message)
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

#[test]
fn project_that_is_not_there_is_said_once_with_the_next_step() {
    let mut app = app();
    let told = conditions(&app, &unknown_project(), "argocd", now()).unwrap();
    let kinds: Vec<&str> = told.iter().map(|told| told.kind.as_str()).collect();
    assert_eq!(kinds, ["OwnershipConflict", "DeletionError"]);
    assert_eq!(
        told[1].message,
        "Application referencing project shop which does not exist; nothing is deleted; hint: have \
         AppProject shop in namespace argocd, or take the finalizer off the Application, and its \
         objects stay"
    );
    app.status.as_mut().unwrap().conditions = told;
    assert_eq!(
        conditions(&app, &unknown_project(), "argocd", now()),
        None,
        "what is said is not written again"
    );
}

#[test]
fn what_passes_by_itself_is_no_error() {
    for category in [Category::Conflict, Category::Unavailable] {
        let error = Error::new(category, "Progressing", "waiting");
        assert_eq!(conditions(&app(), &error, "argocd", now()), None);
    }
    let denied = Error::new(Category::Denied, "PruneFailed", "forbidden");
    let told = conditions(&app(), &denied, "argocd", now()).unwrap();
    assert_eq!(told[1].message, "forbidden");
}

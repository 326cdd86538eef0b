//! A vault that is away changes no Secret, shows in the condition, and is back within seconds.

use std::time::{Duration, Instant};

use e2e::{Canary, eventually};
use serde_json::json;

use crate::external::{Line, Team, data};
use crate::shared::{shared, vault};

const FIRST: &str = "before the outage pa\"ss/wörd #13";
const SECOND: &str = "after the outage pa\"ss/wörd #14";

/// E-034, E-036, E-039, I2.
#[test]
fn outage_leaves_the_secret_alone_and_ends_within_ten_seconds() {
    let team = Team::new("es-outage");
    let vault = vault();
    let write = |password: &str| {
        vault
            .put_secret("es-outage/db", &json!({"password": password}))
            .expect("it is written");
    };
    write(FIRST);
    let line = Line::to(&vault.url());
    team.vault_store("vault", &line.url());
    team.external_secret(
        "db",
        &json!({
            "refreshInterval": "1s",
            "secretStoreRef": {"name": "vault"},
            "data": data(&[("password", "es-outage/db", "password")]),
        }),
    );
    team.synced("db");
    let before = team.has("db", "password", FIRST);

    line.cut();
    let condition = team.fails("db");
    assert_eq!(condition["reason"], "SecretSyncedError");
    assert_eq!(
        condition["message"],
        "could not get secret data from provider"
    );
    let told = team.event("db", "UpdateFailed");
    assert!(
        told.starts_with("error processing spec.data[0] (key: es-outage/db), err: "),
        "{told}"
    );
    write(SECOND);
    let failed = team.get("ExternalSecret", "db").expect("it is there");
    // Long enough for the longest pause between two tries.
    std::thread::sleep(Duration::from_secs(12));
    let during = team.get("Secret", "db").expect("it is there");
    assert_eq!(
        during["metadata"]["resourceVersion"],
        before["metadata"]["resourceVersion"]
    );
    let still = team.get("ExternalSecret", "db").expect("it is there");
    assert_eq!(still["status"], failed["status"]);

    line.mend();
    let mended = Instant::now();
    team.has("db", "password", SECOND);
    let took = mended.elapsed();
    assert!(took < Duration::from_secs(10), "it took {took:?}");
    team.synced("db");
    eventually("the update is told", Duration::from_secs(5), || {
        let told = team.event("db", "Updated");
        (told == "secret updated").then_some(()).ok_or(told)
    });
    Canary::of(&[FIRST, SECOND]).assert_silent(team.world, &shared().controller);
}

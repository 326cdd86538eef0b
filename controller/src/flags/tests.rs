use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use super::*;

fn parsed(typed: &[&str], variables: &[(&str, &str)]) -> Result<Flags, String> {
    let typed = std::iter::once("signet-controller").chain(typed.iter().copied());
    let arguments = upstream::arguments(typed.map(OsString::from), |name| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| OsString::from(value))
    });
    Flags::try_parse_from(arguments).map_err(|error| error.to_string())
}

/// K-103: an existing Deployment's arguments are understood.
#[test]
fn arguments_of_the_sealed_secrets_controller_are_taken() {
    let flags = parsed(
        &[
            "--key-prefix=mine",
            "--listen-addr=:8080",
            "--listen-metrics-addr",
            ":8081",
            "--rotate-period=1h30m",
            "--update-status=f",
            "--skip-recreate",
            "--key-cutoff-time=Mon, 02 Jan 2006 15:04:05 -0700",
            "--key-order-priority=SecretCreationTimestamp",
            "--privatekey-labels=a=b, c=d=e",
            "--my-cn=me",
            "--log-level=INFO",
        ],
        &[],
    )
    .unwrap();
    assert_eq!(flags.key_prefix, "mine");
    assert_eq!(flags.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(flags.metrics_listen.to_string(), "0.0.0.0:8081");
    assert_eq!(flags.key_renew_period, Duration::from_mins(90));
    assert!(!flags.update_status && flags.skip_recreate && !flags.metrics_omit_secret_labels);
    let cutoff = flags.key_cutoff_time.unwrap().to_string();
    assert_eq!(cutoff, "2006-01-02T22:04:05Z");
    assert_eq!(flags.key_order_priority, KeyOrder::SecretCreationTimestamp);
    let labels = [("a", "b"), ("c", "d=e")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(flags.privatekey_labels, Pairs(BTreeMap::from(labels)));
    assert_eq!(flags.my_cn, "me");
}

/// K-103: the environment gives every flag, and what was typed wins.
#[test]
fn variables_give_flags_and_the_command_line_wins() {
    let variables = [
        ("SEALED_SECRETS_KEY_SIZE", "2048"),
        ("SEALED_SECRETS_KEY_RENEW_PERIOD", "1h"),
        ("SEALED_SECRETS_ROTATE_PERIOD", "2h"),
        ("SEALED_SECRETS_UPDATE_STATUS", "false"),
    ];
    let flags = parsed(&["--key-size=3072"], &variables).unwrap();
    assert_eq!(flags.key_size, 3072);
    assert_eq!(flags.key_renew_period, Duration::from_hours(2));
    assert!(!flags.update_status);
}

/// K-104: a variable that cannot be read is refused, and says which.
#[test]
fn variable_that_cannot_be_read_is_refused() {
    for (variable, value, flag) in [
        (
            "SEALED_SECRETS_KEY_RENEW_PERIOD",
            "30d",
            "--key-renew-period",
        ),
        ("SEALED_SECRETS_UPDATE_STATUS", "maybe", "--update-status"),
        (
            "SEALED_SECRETS_KEY_CUTOFF_TIME",
            "yesterday",
            "--key-cutoff-time",
        ),
        ("SEALED_SECRETS_RATE_LIMIT", "0", "--rate-limit"),
        (
            "SEALED_SECRETS_PRIVATEKEY_LABELS",
            "a",
            "--privatekey-labels",
        ),
    ] {
        let refusal = parsed(&[], &[(variable, value)]).unwrap_err();
        assert!(refusal.contains(flag), "{refusal}");
    }
}

/// K-105
#[test]
fn key_prefix_has_to_be_the_start_of_a_name() {
    let long = format!("--key-prefix={}", "a".repeat(246));
    let refusal = parsed(&[&long], &[]).unwrap_err();
    assert!(
        refusal.contains("name is too long, must be shorter than 245, got 246"),
        "{refusal}"
    );
    let refusal = parsed(&["--key-prefix=Upper"], &[]).unwrap_err();
    assert!(
        refusal.contains("name contains illegal character U"),
        "{refusal}"
    );
}

#[test]
fn families_add_up() {
    let flags = parsed(&["--enable=sops", "--enable=flux"], &[]).unwrap();
    assert_eq!(flags.enable, [Family::Sops, Family::Flux]);
}

#[test]
fn unset_variables_leave_the_defaults() {
    let flags = parsed(&[], &[("SEALED_SECRETS_KEY_SIZE", "")]).unwrap();
    assert_eq!(flags.key_size, 4096);
    assert!(flags.update_status && !flags.skip_recreate);
    assert_eq!(flags.key_cutoff_time, None);
}

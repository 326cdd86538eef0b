use super::*;

fn all_rules() -> impl Iterator<Item = (Family, &'static Rule)> {
    Family::ALL
        .into_iter()
        .flat_map(|family| of_family(family).iter().map(move |rule| (family, rule)))
}

fn may(family: Family, group: &str, resource: &str, verb: &str) -> bool {
    of_family(family).iter().any(|rule| {
        rule.group == group && rule.resources.contains(&resource) && rule.verbs.contains(&verb)
    })
}

/// I9: no family gets a right over everything.
#[test]
fn nothing_is_granted_by_wildcard() {
    for (family, rule) in all_rules() {
        let texts = [&[rule.group], rule.resources, rule.verbs].concat();
        assert!(!texts.contains(&"*"), "{family}: {rule:?}");
        assert!(
            !rule.resources.is_empty() && !rule.verbs.is_empty(),
            "{family}: {rule:?}"
        );
    }
}

#[test]
fn only_flux_may_act_for_others() {
    for family in Family::ALL {
        let impersonates = may(family, "", "serviceaccounts", "impersonate");
        assert_eq!(impersonates, family == Family::Flux, "{family}");
    }
}

#[test]
fn syncing_and_decrypting_write_no_secret() {
    for family in [Family::Flux, Family::Sops] {
        for verb in ["create", "delete", "list", "patch", "update", "watch"] {
            assert!(!may(family, "", "secrets", verb), "{family} {verb}");
        }
    }
}

/// Our image runs under the roles of the upstream controller.
#[test]
fn unsealing_asks_for_nothing_that_upstream_does_not_grant() {
    let granted: &[(&str, &str, &[&str])] = &[
        ("bitnami.com", "sealedsecrets", &["get", "list", "watch"]),
        ("bitnami.com", "sealedsecrets/status", &["update"]),
        (
            "",
            "secrets",
            &["get", "list", "create", "update", "delete", "watch"],
        ),
        ("", "events", &["create", "patch"]),
    ];
    for rule in of_family(Family::SealedSecrets) {
        for resource in rule.resources {
            let (_, _, verbs) = granted
                .iter()
                .find(|(group, granted, _)| group == &rule.group && granted == resource)
                .expect("the resource is granted");
            assert!(
                rule.verbs.iter().all(|verb| verbs.contains(verb)),
                "{rule:?}"
            );
        }
    }
}

#[test]
fn each_resource_stands_in_one_rule_of_its_family() {
    for family in Family::ALL {
        let mut seen = Vec::new();
        for rule in of_family(family) {
            for resource in rule.resources {
                assert!(
                    !seen.contains(&(rule.group, resource)),
                    "{family} {resource}"
                );
                seen.push((rule.group, resource));
            }
        }
    }
}

#[test]
fn every_own_kind_can_be_watched() {
    for family in Family::ALL {
        for (group, resources) in kinds(family) {
            for resource in resources {
                for verb in ["list", "watch"] {
                    assert!(
                        may(family, &group, &resource, verb),
                        "{verb} {resource}.{group}"
                    );
                }
            }
        }
    }
}

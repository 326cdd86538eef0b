//! The developer's command line: signet, kubeseal and sops.

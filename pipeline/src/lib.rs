//! The pure heart: decrypt stage, plan, waves, health, inventory, redaction.

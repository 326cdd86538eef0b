//! Where desired state comes from: fetches it into content-addressed artifacts.

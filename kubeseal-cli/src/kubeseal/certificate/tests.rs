use super::CertificateSource;
use crate::kubeconfig::ClusterFlags;
use crate::kubeseal::cluster::Controller;

fn source(location: &str) -> CertificateSource {
    let controller = Controller {
        name: "c".to_owned(),
        namespace: "n".to_owned(),
        cluster: ClusterFlags::default(),
        verbosity: 0,
    };
    CertificateSource::new(location, controller)
}

/// K-135
#[test]
fn location_is_a_file_unless_it_has_a_scheme() {
    for file in ["cert.pem", "/a/b", "./x", "C:\\certs\\x.pem", "file:///a/b"] {
        assert!(matches!(source(file), CertificateSource::File(_)), "{file}");
    }
    for url in ["https://host/v1/cert.pem", "http://host"] {
        assert!(matches!(source(url), CertificateSource::Url(_)), "{url}");
    }
    assert!(matches!(source(""), CertificateSource::Controller(_)));
}

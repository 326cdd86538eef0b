use std::path::PathBuf;

use super::*;

#[test]
fn ports_differ_and_can_be_bound() {
    let first = free_port().expect("a port");
    let second = free_port().expect("a port");
    assert_ne!(first, second);
    assert!(TcpListener::bind(("127.0.0.1", first)).is_ok());
}

#[test]
fn taken_port_is_tried_again() {
    let mut tries = 0;
    let started = with_free_ports(|| {
        tries += 1;
        if tries < 3 {
            return Err(StartError::Ended {
                name: "etcd".to_owned(),
                status: "exit status: 1".to_owned(),
                log: PathBuf::new(),
                tail: "listen tcp 127.0.0.1:1: bind: address already in use".to_owned(),
            });
        }
        Ok(tries)
    });
    assert_eq!(started.expect("the third try succeeds"), 3);
}

#[test]
fn other_failures_are_not_tried_again() {
    let mut tries = 0;
    let started: Result<(), StartError> = with_free_ports(|| {
        tries += 1;
        Err(StartError::NoPort)
    });
    assert!(started.is_err());
    assert_eq!(tries, 1);
}

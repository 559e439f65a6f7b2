//! Every fault on every endpoint.

use ozonetel_tests::faults;

macro_rules! matrix {
    ($($name:ident: $endpoint:ty,)*) => {$(
        mod $name {
            #[test]
            fn every_fault_ends_in_the_right_error() {
                super::faults::in_process::<$endpoint>();
            }

            #[test]
            fn broken_connections_end_in_the_right_error() {
                super::faults::over_a_socket::<$endpoint>();
            }
        }
    )*};
}
ozonetel_sdk::each_endpoint!(matrix);
ozonetel_sdk::each_legacy_endpoint!(matrix);

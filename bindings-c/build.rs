//! Gives the shared library its soname: programs are bound to the ABI's version, not to the file's
//! name. The number goes up when a compiled program would no longer work.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libcapsock.so.0");
}

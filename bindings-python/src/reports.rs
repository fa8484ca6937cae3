//! Python classes for the totals and the report of the core.

use pyo3::prelude::*;

use crate::once_object::OnceObject;

/// Defines a frozen class with the fields of a struct of the core.
macro_rules! report {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)+ }) => {
        $(#[$doc])*
        #[pyclass(module = "capsock", frozen, eq, hash, get_all)]
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $name {
            $($(#[$field_doc])* $field: $kind,)+
        }

        impl From<capsock::$name> for $name {
            fn from(core: capsock::$name) -> $name {
                $name { $($field: core.$field.into()),+ }
            }
        }

        #[pymethods]
        impl $name {
            /// The totals by their names, as of a named tuple.
            fn _asdict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
                let fields = pyo3::types::PyDict::new(py);
                $(fields.set_item(stringify!($field), self.$field)?;)+
                Ok(fields)
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                let fields = [$(
                    format!(concat!(stringify!($field), "={}"), self.$field.into_pyobject(py)?.repr()?)
                ),+];
                Ok(format!(concat!(stringify!($name), "({})"), fields.join(", ")))
            }
        }
    };
}

/// `Features::bits`, converted to a `capsock.Feature`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Feature(u64);

impl From<u64> for Feature {
    fn from(bits: u64) -> Feature {
        Feature(bits)
    }
}

impl<'py> IntoPyObject<'py> for Feature {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static CLASS: OnceObject<PyAny> = OnceObject::new();
        CLASS.get_or_make(py, || py.import("capsock._feature")?.getattr("Feature"))?.call1((self.0,))
    }
}
pub(crate) use report;

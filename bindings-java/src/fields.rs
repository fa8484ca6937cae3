//! Reads the fields of Java's option objects. Each field is looked up when it is read, since a server or a
//! client starts once and a cached reference would keep the class loaded.

/// Makes methods that read the fields of an object, and `find`, which looks whether its class has them.
macro_rules! fields {
    ($type:ident, $class:tt, $($field:ident: $kind:ident = $name:tt,)*) => {
        impl $type<'_> {
            $(
                pub(crate) fn $field<'local>(
                    &self,
                    env: &mut jni::Env<'local>,
                ) -> jni::errors::Result<$crate::fields::fields!(@type $kind)> {
                    let signature = $crate::fields::fields!(@signature $kind);
                    let value = env.get_field(self, jni::jni_str!($name), signature)?;
                    $crate::fields::fields!(@value $kind, env, value)
                }
            )*

            pub(crate) fn find(env: &mut jni::Env) -> jni::errors::Result<()> {
                let class = env.find_class(jni::jni_str!($class))?;
                $(
                    let signature = $crate::fields::fields!(@signature $kind);
                    env.get_field_id(&class, jni::jni_str!($name), signature)?;
                )*
                Ok(())
            }
        }
    };
    (@type bytes) => { jni::objects::JByteArray<'local> };
    (@type long) => { jni::sys::jlong };
    (@type longs) => { jni::objects::JLongArray<'local> };
    (@type double) => { jni::sys::jdouble };
    (@type handler) => { $crate::java::Handler<'local> };
    (@type async_handler) => { $crate::java::AsyncContextHandler<'local> };
    (@type context_handler) => { $crate::java::ContextHandler<'local> };
    (@signature bytes) => { jni::jni_sig!("[B") };
    (@signature long) => { jni::jni_sig!("J") };
    (@signature longs) => { jni::jni_sig!("[J") };
    (@signature double) => { jni::jni_sig!("D") };
    (@signature handler) => { jni::jni_sig!("Lio/capsock/Handler;") };
    (@signature async_handler) => { jni::jni_sig!("Lio/capsock/AsyncContextHandler;") };
    (@signature context_handler) => { jni::jni_sig!("Lio/capsock/ContextHandler;") };
    (@value bytes, $env:ident, $value:ident) => { $env.cast_local::<jni::objects::JByteArray>($value.l()?) };
    (@value long, $env:ident, $value:ident) => { $value.j() };
    (@value longs, $env:ident, $value:ident) => { $env.cast_local::<jni::objects::JLongArray>($value.l()?) };
    (@value double, $env:ident, $value:ident) => { $value.d() };
    (@value handler, $env:ident, $value:ident) => {{
        let object = $value.l()?;
        // SAFETY: the field is a Handler by its signature, and the reference is this one's alone.
        Ok(unsafe { $crate::java::Handler::from_raw($env, object.into_raw()) })
    }};
    (@value async_handler, $env:ident, $value:ident) => {{
        let object = $value.l()?;
        // SAFETY: the field is an AsyncContextHandler by its signature, and the reference is this one's alone.
        Ok(unsafe { $crate::java::AsyncContextHandler::from_raw($env, object.into_raw()) })
    }};
    (@value context_handler, $env:ident, $value:ident) => {{
        let object = $value.l()?;
        // SAFETY: the field is a ContextHandler by its signature, and the reference is this one's alone.
        Ok(unsafe { $crate::java::ContextHandler::from_raw($env, object.into_raw()) })
    }};
}

pub(crate) use fields;

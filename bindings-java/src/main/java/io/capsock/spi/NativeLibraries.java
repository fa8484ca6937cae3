package io.capsock.spi;

/**
 * A provider of native libraries: a class of a jar that has the libraries of some platforms, in the
 * folders that the jar with all libraries has as well. The class is never instantiated.
 *
 * <p>The jars with the classifier of a platform provide it; programs need not use it. As a service,
 * it makes Java find such a jar on the class path and on the module path, without an option.
 */
public interface NativeLibraries {}

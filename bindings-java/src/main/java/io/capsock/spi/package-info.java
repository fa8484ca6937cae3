/** What the jars with native libraries provide for the jar without; not for programs. */
package io.capsock.spi;

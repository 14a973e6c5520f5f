// The one way in which the program ends.

#if canImport(Glibc)
    import Glibc
#endif

/// Ends the process, whatever its threads are doing.
///
/// Not by `exit`, which takes down what libraries hold (OpenSSL's tables, OpenBLAS's memory, C++'s statics) under threads
/// that still use it. Nothing of ours waits for that: results are written when they are said, without a buffer, files are
/// named when they are whole, and the system takes locks, memory and devices back.
package func leave(_ status: Int32) -> Never { _exit(status) }

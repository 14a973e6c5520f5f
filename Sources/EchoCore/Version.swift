// The program's version, recorded in every shard, checkpoint and database.

/// The version of echoprep.
package let programVersion = "0.1.0"

//! The live side: reads objects, applies and prunes them.

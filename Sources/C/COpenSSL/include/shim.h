// OpenSSL's libcrypto: SHA-256 with the processor's own instructions.
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H
#include <openssl/evp.h>
#endif

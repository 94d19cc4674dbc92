#include "token/hmac.hpp"

#include <mutex>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdexcept>
#include <vector>

namespace nearline::token {
namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* pointer) const noexcept {
        Free(pointer);
    }
};
using Mac = std::unique_ptr<EVP_MAC, Freed<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;
using Kdf = std::unique_ptr<EVP_KDF, Freed<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Freed<EVP_KDF_CTX_free>>;

const unsigned char* as_bytes(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

}  // namespace

/// Contexts that hold the expanded key: making one, or setting its key, costs more than the signature.
struct HmacSha256::Impl {
    MacContext master;
    std::mutex mutex{};
    std::vector<MacContext> spare{};

    MacContext take() {
        {
            const std::lock_guard lock(mutex);
            if (!spare.empty()) {
                auto context = std::move(spare.back());
                spare.pop_back();
                return context;
            }
        }
        MacContext copy(EVP_MAC_CTX_dup(master.get()));
        require(copy != nullptr, "EVP_MAC_CTX_dup");
        return copy;
    }

    void give_back(MacContext context) {
        const std::lock_guard lock(mutex);
        spare.push_back(std::move(context));
    }
};

HmacSha256::HmacSha256(std::string_view key) : impl_(std::make_unique<Impl>()) {
    const Mac mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    require(mac != nullptr, "EVP_MAC_fetch(HMAC)");
    impl_->master.reset(EVP_MAC_CTX_new(mac.get()));
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    require(impl_->master && EVP_MAC_init(impl_->master.get(), as_bytes(key), key.size(), parameters) == 1,
            "EVP_MAC_init");
}

HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

HmacSha256::Digest HmacSha256::sign(std::string_view message) const {
    Digest digest{};
    std::size_t size = 0;
    auto context = impl_->take();
    // Without a key it starts anew with the one it has.
    require(EVP_MAC_init(context.get(), nullptr, 0, nullptr) == 1, "EVP_MAC_init");
    require(EVP_MAC_update(context.get(), as_bytes(message), message.size()) == 1, "EVP_MAC_update");
    require(EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1 && size == digest.size(),
            "EVP_MAC_final");
    impl_->give_back(std::move(context));
    return digest;
}

bool HmacSha256::verify(std::string_view message, std::string_view signature) const {
    const auto right = sign(message);
    return signature.size() == right.size() && CRYPTO_memcmp(signature.data(), right.data(), right.size()) == 0;
}

std::string derive_key(std::string_view secret, std::string_view purpose) {
    const Kdf kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    const KdfContext context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
    require(context != nullptr, "EVP_KDF_fetch(HKDF)");
    char digest[] = "SHA256";
    std::string key_material(secret);
    std::string info(purpose);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_material.data(), key_material.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
        OSSL_PARAM_construct_end(),
    };
    std::string key(32, '\0');
    require(EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(key.data()), key.size(), parameters) == 1,
            "EVP_KDF_derive");
    return key;
}

}  // namespace nearline::token

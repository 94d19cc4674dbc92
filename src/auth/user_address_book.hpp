#pragma once

#include <atomic>

#include "auth/user_store.hpp"
#include "domain/address_book.hpp"

namespace nearline::auth {

/// The users' names, which are e-mail addresses. Thread-safe. Prepares the store at the first call: the
/// process that mails need not be one that manages users.
class UserAddressBook final : public AddressBook {
public:
    /// `store` must outlive it.
    explicit UserAddressBook(UserStore& store) : store_(store) {}

    std::optional<Recipient> find(const Uuid& user) override {
        if (!is_prepared_) {
            store_.prepare();
            is_prepared_ = true;
        }
        const auto found = store_.find_by_id(user);
        if (!found) return std::nullopt;
        return Recipient{found->name, found->notifications, found->mail_since};
    }

    std::string dependency() const override { return store_.dependency(); }

private:
    UserStore& store_;
    std::atomic<bool> is_prepared_ = false;
};

}  // namespace nearline::auth

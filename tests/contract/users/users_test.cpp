// What every store of users promises, on each of them.

#include <atomic>
#include <barrier>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <vector>

#include "auth/passwords.hpp"
#include "auth/user_address_book.hpp"
#include "auth/user_admin.hpp"
#include "support/processes.hpp"
#include "support/user_stores.hpp"

namespace nearline::auth {
namespace {

using ::testing::ElementsAre;
using Added = UserStore::Added;
using Changed = UserStore::Changed;

constexpr std::int64_t now = 1'700'000'000;
constexpr std::int64_t now_ms = now * 1'000;
const std::string some_hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$hash";

User user(const std::string& name, bool admin = false) {
    return {.id = Uuid::random(), .name = name, .admin = admin, .created_at = now, .changed_at = now};
}

class Users : public ::testing::TestWithParam<test::UserStoreKind> {
protected:
    Users() { store_->prepare(); }
    std::vector<std::string> names(int limit = 1'000, const std::string& after = "") {
        std::vector<std::string> names;
        for (const User& each : store_->list(limit, after)) names.push_back(each.name);
        return names;
    }

    std::unique_ptr<test::UserStorePlace> place_ = GetParam().make();
    std::unique_ptr<UserStore> store_ = place_->open();
};

INSTANTIATE_TEST_SUITE_P(All, Users, ::testing::ValuesIn(test::user_store_kinds),
                         [](const auto& each) { return each.param.name; });

TEST_P(Users, AreFoundByNameAndIdAsTheyWereAdded) {
    const User ann = user("ann@example.com", true);
    const User bob = user("bob@example.com");
    EXPECT_EQ(Added::done, store_->add(ann, some_hash));
    EXPECT_EQ(Added::done, store_->add(bob, "another"));
    const auto account = store_->find_by_name("ann@example.com");
    ASSERT_TRUE(account);
    EXPECT_EQ(ann, account->user);
    EXPECT_EQ(some_hash, account->password_hash);
    EXPECT_EQ(bob, store_->find_by_id(bob.id));
    store_->ping();
}

TEST_P(Users, OutliveTheStoreObject) {
    const User ann = user("ann@example.com", true);
    store_->add(ann, some_hash);
    store_ = place_->open();
    store_->prepare();
    store_->prepare();
    EXPECT_EQ(ann, store_->find_by_id(ann.id));
}

TEST_P(Users, NamesCompareWithoutCaseAndExactlyOtherwise) {
    store_->add(user("Ann@Example.com"), some_hash);
    ASSERT_TRUE(store_->find_by_name("aNN@example.COM"));
    EXPECT_EQ("ann@example.com", store_->find_by_name("ann@example.com")->user.name);
    EXPECT_EQ(Added::taken, store_->add(user("ANN@EXAMPLE.COM"), some_hash));
    for (const std::string other :
         {"ann@example.com ", " ann@example.com", "ann@example.co", "\xC3\xA0nn@example.com", "ann@example.com%", "%",
          "_nn@example.com", "' OR 1=1 --", "", "\xFF\xFE", "\xF0\x9F\x8C\xB7"}) {
        EXPECT_FALSE(store_->find_by_name(other)) << other;
    }
    EXPECT_FALSE(store_->find_by_name(std::string("ann@example.com\0x", 17)));
    EXPECT_FALSE(store_->find_by_id(Uuid::random()));
    EXPECT_FALSE(store_->find_by_id(Uuid()));
}

TEST_P(Users, TakenLeavesTheFirstAsTheyWere) {
    const User first = user("ann@example.com");
    store_->add(first, some_hash);
    EXPECT_EQ(Added::taken, store_->add(user("ann@example.com", true), "other"));
    EXPECT_EQ(first, store_->find_by_name("ann@example.com")->user);
    EXPECT_EQ(some_hash, store_->find_by_name("ann@example.com")->password_hash);
}

TEST_P(Users, OfManyAddsOfOneNameAtOnceOneIsDone) {
    constexpr int threads = 6;
    for (int round = 0; round < 5; ++round) {
        std::vector<std::unique_ptr<UserStore>> stores;  // as of several processes
        for (int i = 0; i < threads; ++i) {
            stores.push_back(place_->open());
            stores.back()->prepare();
        }
        std::barrier start(threads);
        std::atomic<int> done = 0;
        std::atomic<int> taken = 0;
        std::vector<std::thread> running;
        running.reserve(threads);
        for (const auto& store : stores) {
            running.emplace_back([&] {
                const User wanted = user("n" + std::to_string(round) + "@example.com");
                start.arrive_and_wait();
                ++(store->add(wanted, some_hash) == Added::done ? done : taken);
            });
        }
        for (auto& thread : running) thread.join();
        EXPECT_EQ(1, done);
        EXPECT_EQ(threads - 1, taken);
    }
    EXPECT_EQ(5U, names().size());
}

TEST_P(Users, RemovedIsGoneAndTheNameIsNeverGivenOutAgain) {
    const User ann = user("ann@example.com");
    store_->add(ann, some_hash);
    EXPECT_EQ(Changed::done, store_->remove(ann.id, now + 10));
    EXPECT_FALSE(store_->find_by_name("ann@example.com"));
    EXPECT_FALSE(store_->find_by_id(ann.id));
    EXPECT_THAT(names(), ElementsAre());
    EXPECT_EQ(Changed::unknown, store_->remove(ann.id, now + 10));
    EXPECT_EQ(Changed::unknown, store_->set_password(ann.id, some_hash, now + 10));
    EXPECT_EQ(Changed::unknown, store_->set_admin(ann.id, true, now + 10));
    EXPECT_EQ(Added::taken, store_->add(user("Ann@example.com"), some_hash));
    EXPECT_EQ(Added::done, store_->add(user("ann2@example.com"), some_hash));
    const User bob = user("bob@example.com");
    store_->add(bob, some_hash);
    EXPECT_EQ(Changed::done, store_->remove(bob.id, now + 10)) << "several can be removed";
}

TEST_P(Users, ListsByNameInPages) {
    for (const char* const name : {"d@x", "b@x", "a-b@x", "a.b@x", "a@x", "c@x", "aa@x"}) {
        store_->add(user(name), some_hash);
    }
    EXPECT_THAT(names(), ElementsAre("a-b@x", "a.b@x", "a@x", "aa@x", "b@x", "c@x", "d@x"));
    EXPECT_THAT(names(2), ElementsAre("a-b@x", "a.b@x"));
    EXPECT_THAT(names(2, "a.b@x"), ElementsAre("a@x", "aa@x"));
    EXPECT_THAT(names(2, "a.c"), ElementsAre("a@x", "aa@x")) << "also after a name that nobody has";
    EXPECT_THAT(names(10, "d@x"), ElementsAre());
}

TEST_P(Users, ListUsersReadsAllPages) {
    std::set<std::string> expected;
    for (int i = 0; i < 1'003; ++i) {
        expected.insert("u" + std::to_string(i) + "@x");
        store_->add(user("u" + std::to_string(i) + "@x"), some_hash);
    }
    std::set<std::string> listed;
    for (const User& each : list_users(*store_)) listed.insert(each.name);
    EXPECT_EQ(expected, listed);
}

TEST_P(Users, APasswordChangeVoidsTokensOfTheSameSecond) {
    const User ann = user("ann@example.com");
    store_->add(ann, some_hash);
    EXPECT_EQ(Changed::done, store_->set_password(ann.id, "new", now + 10));
    const auto account = store_->find_by_name("ann@example.com");
    ASSERT_TRUE(account);
    EXPECT_EQ("new", account->password_hash);
    EXPECT_EQ(now + 11, account->user.changed_at);
    EXPECT_EQ(now, account->user.created_at);
    EXPECT_EQ(Changed::done, store_->set_password(ann.id, "new", now + 5)) << "a clock that went back";
    EXPECT_EQ(now + 11, store_->find_by_id(ann.id)->changed_at) << "does not revive tokens";
    EXPECT_EQ(Changed::unknown, store_->set_password(Uuid::random(), "x", now));
}

TEST_P(Users, ARehashVoidsNothingAndLosesAgainstAChange) {
    const User ann = user("ann@example.com");
    store_->add(ann, some_hash);
    store_->replace_hash(ann.id, some_hash, "rehashed");
    EXPECT_EQ("rehashed", store_->find_by_name("ann@example.com")->password_hash);
    EXPECT_EQ(ann, store_->find_by_id(ann.id));
    store_->replace_hash(ann.id, some_hash, "late");
    EXPECT_EQ("rehashed", store_->find_by_name("ann@example.com")->password_hash);
}

TEST_P(Users, MailCanBeSwitchedOffAndOnWhichVoidsNothing) {
    const User ann = user("ann@example.com");
    store_->add(ann, some_hash);
    EXPECT_TRUE(store_->find_by_id(ann.id)->notifications) << "on unless switched off";
    EXPECT_EQ(Changed::done, store_->set_notifications(ann.id, true, now_ms));
    EXPECT_EQ(0, store_->find_by_id(ann.id)->mail_since) << "it was never off";
    EXPECT_EQ(Changed::done, store_->set_notifications(ann.id, false, now_ms));
    User silent = ann;
    silent.notifications = false;
    EXPECT_EQ(silent, store_->find_by_id(ann.id)) << "changed_at too is what it was";
    EXPECT_EQ(silent, store_->find_by_name("ann@example.com")->user);
    EXPECT_THAT(store_->list(10, ""), ElementsAre(silent));
    EXPECT_EQ(Changed::done, store_->set_notifications(ann.id, false, now_ms)) << "no change is fine";
    EXPECT_EQ(Changed::done, store_->set_notifications(ann.id, true, now_ms + 5));
    User again = ann;
    again.mail_since = now_ms + 5;
    EXPECT_EQ(again, store_->find_by_id(ann.id));
    EXPECT_EQ(Changed::done, store_->set_notifications(ann.id, true, now_ms + 9));
    EXPECT_EQ(again, store_->find_by_id(ann.id)) << "it was on";
    EXPECT_EQ(again, store_->find_by_name("ann@example.com")->user);
    EXPECT_EQ(now_ms + 5, UserAddressBook(*store_).find(ann.id)->mail_since);
    EXPECT_EQ(Changed::unknown, store_->set_notifications(Uuid::random(), false, now_ms));
    store_->add(user("bob@example.com", true), some_hash);
    store_->remove(ann.id, now);
    EXPECT_EQ(Changed::unknown, store_->set_notifications(ann.id, false, now_ms));
}

TEST_P(Users, AnAddressBookHasThoseWhoAreThere) {
    UserAddressBook book(*store_);
    EXPECT_FALSE(book.find(Uuid::random()));
    const User ann = user("ann@example.com");
    store_->add(ann, some_hash);
    EXPECT_EQ("ann@example.com", book.find(ann.id)->address);
    EXPECT_TRUE(book.find(ann.id)->wants_mail);
    store_->set_notifications(ann.id, false, now_ms);
    EXPECT_FALSE(book.find(ann.id)->wants_mail);
    store_->remove(ann.id, now);
    EXPECT_FALSE(book.find(ann.id));
    const auto unprepared = place_->open();
    EXPECT_FALSE(UserAddressBook(*unprepared).find(ann.id)) << "prepares the store by itself";
}

TEST_P(Users, AdministratorsComeAndGoButTheLastStays) {
    const User ann = user("ann@example.com", true);
    const User bob = user("bob@example.com");
    store_->add(ann, some_hash);
    store_->add(bob, some_hash);
    EXPECT_EQ(Changed::last_administrator, store_->remove(ann.id, now + 1));
    EXPECT_EQ(Changed::last_administrator, store_->set_admin(ann.id, false, now + 1));
    EXPECT_EQ(Changed::done, store_->set_admin(ann.id, true, now + 1)) << "no change is fine";
    EXPECT_EQ(Changed::done, store_->set_admin(bob.id, true, now + 20));
    EXPECT_TRUE(store_->find_by_id(bob.id)->admin);
    EXPECT_EQ(now + 21, store_->find_by_id(bob.id)->changed_at);
    EXPECT_EQ(Changed::done, store_->remove(ann.id, now + 30));
    EXPECT_EQ(Changed::last_administrator, store_->remove(bob.id, now + 40));
    EXPECT_EQ(Changed::unknown, store_->set_admin(Uuid::random(), true, now));
}

TEST_P(Users, AdministratorsWhoRemoveEachOtherAtOnceLeaveOne) {
    for (int round = 0; round < 10; ++round) {
        const User ann = user("ann" + std::to_string(round) + "@example.com", true);
        const User bob = user("bob" + std::to_string(round) + "@example.com", true);
        store_->add(ann, some_hash);
        store_->add(bob, some_hash);
        for (const User& each : store_->list(100, "")) {
            if (each.id != ann.id && each.id != bob.id) {
                EXPECT_EQ(Changed::done, store_->remove(each.id, now)) << "the survivor of the round before";
            }
        }
        const auto other_store = place_->open();
        other_store->prepare();
        std::barrier start(2);
        Changed outcomes[2] = {Changed::unknown, Changed::unknown};
        std::thread other([&] {
            start.arrive_and_wait();
            outcomes[0] = other_store->remove(ann.id, now);
        });
        start.arrive_and_wait();
        outcomes[1] = store_->remove(bob.id, now);
        other.join();
        EXPECT_NE(outcomes[0], outcomes[1]);
        EXPECT_TRUE(outcomes[0] == Changed::last_administrator || outcomes[1] == Changed::last_administrator);
        EXPECT_EQ(1U, names().size());
    }
}

TEST_P(Users, ManyProcessesPrepareAtOnce) {
    const auto fresh = GetParam().make();
    EXPECT_EQ(0, test::failures_in_processes(4, [&](int i) {
                  const auto store = fresh->open();
                  store->prepare();
                  if (store->add(user("p" + std::to_string(i) + "@x"), some_hash) != Added::done) {
                      throw std::runtime_error("not added");
                  }
              }));
    const auto store = fresh->open();
    store->prepare();
    EXPECT_EQ(4U, store->list(10, "").size());
}

TEST_P(Users, AdministrationWithoutAServer) {
    const auto added = add_user(*store_, {"Root@Example.com", "admin123", true}, now);
    ASSERT_TRUE(added) << added.error().detail;
    EXPECT_EQ("root@example.com", added->name);
    EXPECT_TRUE(verify_password(store_->find_by_name("root@example.com")->password_hash, "admin123"));
    EXPECT_EQ(409, add_user(*store_, {"root@example.com", "admin123", false}, now).error().status);
    const auto invalid = add_user(*store_, {"root", "short", false}, now);
    ASSERT_FALSE(invalid);
    EXPECT_EQ(422, invalid.error().status);
    EXPECT_EQ("The user can't be added.", invalid.error().detail) << "no body was sent";
    EXPECT_EQ(2U, invalid.error().errors.size());
    EXPECT_EQ(409, remove_user(*store_, "root@example.com", now).error().status);
    EXPECT_EQ(404, remove_user(*store_, "nobody@example.com", now).error().status);
    ASSERT_TRUE(add_user(*store_, {"second@example.com", "admin123", false}, now));
    ASSERT_TRUE(set_admin(*store_, "second@example.com", true, now));
    ASSERT_TRUE(remove_user(*store_, "root@example.com", now));
    EXPECT_THAT(names(), ElementsAre("second@example.com"));
}

TEST(UserStoreUrl, IsChecked) {
    EXPECT_EQ("", check_user_store_url("sqlite:./data/users.db"));
    EXPECT_EQ("", check_user_store_url("mysql://nearline@db:3306/nearline"));
    for (const char* const wrong : {"", "sqlite:", "postgres://x@y/z", "mysql://db/nearline", "users.db"}) {
        EXPECT_NE("", check_user_store_url(wrong)) << wrong;
        EXPECT_THROW(make_user_store(wrong, ""), std::invalid_argument) << wrong;
    }
}

}  // namespace
}  // namespace nearline::auth

#include "app/demo_users.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/process.hpp"
#include "auth/passwords.hpp"
#include "auth/user_admin.hpp"
#include "temporary_folder.hpp"

namespace nearline::app {
namespace {

using demo_users::Among;
using demo_users::names;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class DemoUsers : public testing::Test {
protected:
    DemoUsers() { store_->prepare(); }
    void give_own_password(std::string_view name) {
        const auto account = store_->find_by_name(name);
        ASSERT_TRUE(account);
        store_->set_password(account->user.id, auth::hash_password("correct horse"), 1);
    }
    TemporaryFolder folder_;
    std::unique_ptr<auth::UserStore> store_ = auth::make_user_store("sqlite:" + folder_.path("users.db"), "");
};

TEST_F(DemoUsers, AreMadeInANewStore) {
    EXPECT_TRUE(demo_users::open_to_all(*store_).empty());
    EXPECT_EQ(demo_users::make_if_new(*store_), names[0]);
    for (const auto name : names) {
        const auto account = store_->find_by_name(name);
        ASSERT_TRUE(account) << name;
        EXPECT_TRUE(account->user.admin);
    }
    EXPECT_THAT(demo_users::open_to_all(*store_), ElementsAre("theodondre@gmail.com", "theodondre@email.com"));
    EXPECT_EQ(demo_users::make_if_new(*store_), names[0]) << "they are still there";
}

TEST_F(DemoUsers, AreNotMadeBesideOtherUsers) {
    ASSERT_TRUE(auth::add_user(*store_, {"you@example.com", "correct horse", true}, 1));
    EXPECT_FALSE(demo_users::make_if_new(*store_));
    EXPECT_EQ(auth::list_users(*store_).size(), 1U);
}

TEST_F(DemoUsers, WithAPasswordOfTheirOwnAreOpenToNobody) {
    demo_users::make_if_new(*store_);
    give_own_password(names[0]);
    EXPECT_THAT(demo_users::open_to_all(*store_), ElementsAre(names[1]));
    EXPECT_EQ(demo_users::make_if_new(*store_), names[1]) << "the other one can still be logged in as";
    give_own_password(names[1]);
    EXPECT_FALSE(demo_users::make_if_new(*store_)) << "nobody can be logged in as with the known password";
}

TEST_F(DemoUsers, AreRefusedWhereOthersReachTheService) {
    EXPECT_NO_THROW(demo_users::refuse_where_open(*store_, "0.0.0.0", false));
    demo_users::make_if_new(*store_);
    EXPECT_NO_THROW(demo_users::refuse_where_open(*store_, "127.0.0.1", false));
    EXPECT_THAT(
        [&] { demo_users::refuse_where_open(*store_, "0.0.0.0", false); },
        ThrowsMessage<ConfigurationError>(HasSubstr("log in as theodondre@gmail.com and theodondre@email.com")));
    for (const auto name : names) give_own_password(name);
    EXPECT_NO_THROW(demo_users::refuse_where_open(*store_, "0.0.0.0", false));
}

TEST_F(DemoUsers, WhomStrangersRegisteredKeepNobodyFromStarting) {
    ASSERT_TRUE(auth::add_user(*store_, {std::string(names[0]), std::string(demo_users::password), false}, 1));
    EXPECT_NO_THROW(demo_users::refuse_where_open(*store_, "0.0.0.0", true));
    EXPECT_THROW(demo_users::refuse_where_open(*store_, "0.0.0.0", false), ConfigurationError);
    EXPECT_TRUE(demo_users::open_to_all(*store_, Among::administrators).empty());
}

}  // namespace
}  // namespace nearline::app

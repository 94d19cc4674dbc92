#include "app/demo_users.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/user_admin.hpp"
#include "temporary_folder.hpp"

namespace nearline::app {
namespace {

class DemoUsers : public testing::Test {
protected:
    DemoUsers() { store_->prepare(); }
    TemporaryFolder folder_;
    std::unique_ptr<auth::UserStore> store_ = auth::make_user_store("sqlite:" + folder_.path("users.db"), "");
};

TEST_F(DemoUsers, AreMadeInANewStore) {
    EXPECT_TRUE(demo_users::open_to_all(*store_).empty());
    EXPECT_TRUE(demo_users::make_if_new(*store_));
    for (const auto name : demo_users::names) {
        const auto account = store_->find_by_name(name);
        ASSERT_TRUE(account) << name;
        EXPECT_TRUE(account->user.admin);
    }
    EXPECT_THAT(demo_users::open_to_all(*store_), testing::ElementsAre("theodondre@gmail.com", "theodondre@email.com"));
    EXPECT_TRUE(demo_users::make_if_new(*store_)) << "they are still there";
}

TEST_F(DemoUsers, AreNotMadeBesideOtherUsers) {
    ASSERT_TRUE(auth::add_user(*store_, {"you@example.com", "correct horse", true}, 1));
    EXPECT_FALSE(demo_users::make_if_new(*store_));
    EXPECT_EQ(auth::list_users(*store_).size(), 1U);
}

TEST_F(DemoUsers, WithAPasswordOfTheirOwnAreOpenToNobody) {
    demo_users::make_if_new(*store_);
    ASSERT_TRUE(auth::set_password(*store_, demo_users::names[0], "correct horse", 1));
    EXPECT_THAT(demo_users::open_to_all(*store_), testing::ElementsAre(demo_users::names[1]));
}

}  // namespace
}  // namespace nearline::app

#pragma once

#include <functional>
#include <memory>
#include <mongoc/mongoc.h>
#include <string>

#include "archive/archive_store.hpp"

/// libmongoc's handles, each with one owner; for this room's .cpp files alone.
namespace nearline::archive {

template <auto destroy>
struct Destroy {
    template <class T>
    void operator()(T* handle) const noexcept {
        destroy(handle);
    }
};
using CollectionPtr = std::unique_ptr<mongoc_collection_t, Destroy<mongoc_collection_destroy>>;
using DatabasePtr = std::unique_ptr<mongoc_database_t, Destroy<mongoc_database_destroy>>;
using BulkPtr = std::unique_ptr<mongoc_bulk_operation_t, Destroy<mongoc_bulk_operation_destroy>>;
using CursorPtr = std::unique_ptr<mongoc_cursor_t, Destroy<mongoc_cursor_destroy>>;
using ReadPreferencePtr = std::unique_ptr<mongoc_read_prefs_t, Destroy<mongoc_read_prefs_destroy>>;

/// Owns a BSON document that a call, or BCON_NEW, has made.
class BsonPtr {
public:
    explicit BsonPtr(bson_t* made) noexcept : made_(made) {}
    ~BsonPtr() { bson_destroy(made_); }
    BsonPtr(const BsonPtr&) = delete;
    BsonPtr& operator=(const BsonPtr&) = delete;
    const bson_t* get() const noexcept { return made_; }

private:
    bson_t* made_;
};

/// A BSON document on the stack that a call fills, or that is filled and handed to one.
class Bson {
public:
    Bson() { bson_init(&value_); }
    ~Bson() { bson_destroy(&value_); }
    Bson(const Bson&) = delete;
    Bson& operator=(const Bson&) = delete;
    bson_t* get() noexcept { return &value_; }
    const bson_t* get() const noexcept { return &value_; }

private:
    bson_t value_;
};

/// Connections to one MongoDB. Thread-safe.
class MongoPool {
public:
    /// How long to look for a server that can do it, where the URL does not say.
    struct Timeouts {
        int server_selection_ms = 5'000;
        int connect_ms = 3'000;
        int socket_ms = 10'000;
    };
    /// Connects to nothing yet. Throws std::invalid_argument for a URL that is none.
    MongoPool(const Options& options, const Timeouts& timeouts);
    ~MongoPool();
    MongoPool(const MongoPool&) = delete;
    MongoPool& operator=(const MongoPool&) = delete;

    /// Holds a connection and gives it back at its end.
    class Lease {
    public:
        explicit Lease(MongoPool& pool) : pool_(pool), client_(mongoc_client_pool_pop(pool.pool_)) {}
        ~Lease() { mongoc_client_pool_push(pool_.pool_, client_); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        mongoc_client_t* client() const noexcept { return client_; }
        CollectionPtr predictions() const {
            return CollectionPtr(mongoc_client_get_collection(client_, pool_.database_.c_str(), "predictions"));
        }
        DatabasePtr database() const {
            return DatabasePtr(mongoc_client_get_database(client_, pool_.database_.c_str()));
        }

    private:
        MongoPool& pool_;
        mongoc_client_t* client_;
    };

    /// Throws Unavailable: "MongoDB at host:27017: …".
    [[noreturn]] void unavailable(const bson_error_t& error) const;
    /// Throws std::runtime_error where waiting can't help (a wrong password is mended by people, so it waits).
    const std::string& name() const noexcept { return name_; }

private:
    std::string name_;
    std::string database_;
    mongoc_client_pool_t* pool_ = nullptr;
};

}  // namespace nearline::archive

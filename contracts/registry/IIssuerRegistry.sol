// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Which institutions may issue what, under which names and keys
/// @notice applied -> recognised (with scopes) <-> suspended -> withdrawn. Hashes stand in storage, texts in the events.
/// Every record that a proof names is one slot, reached by number or hash.
interface IIssuerRegistry {
    /// @notice An issuer. Two slots: everything but `nameHash` shares the first.
    struct Issuer {
        uint8 state; // 0 none, 1 applied, 2 recognised, 3 suspended, 4 withdrawn
        uint40 since;
        uint40 firstRecognised;
        uint16 changes; // entries of the history
        uint16 scopes;
        uint16 names;
        bytes32 nameHash; // keccak256 of the name in UTF-8
    }

    /// @notice One change of state. One slot.
    struct StateChange {
        uint8 state;
        uint40 at;
    }

    /// @notice What an issuer may issue, where and when. One slot.
    struct Scope {
        uint32 framework;
        uint32 qualificationType; // 0: any
        uint8 lowestRank;
        uint8 highestRank;
        uint16 region; // 0: any
        uint40 from;
        uint40 to; // first second out of force; 0: open
    }

    /// @notice A signing key. One slot.
    struct Key {
        uint32 institution;
        uint8 usage; // 1 credentials, 2 status lists
        uint40 since;
        uint40 until; // 0: in use
        uint40 compromisedSince; // 0: never said so
    }

    /// @notice There is no such institution.
    error IssuerRegistryUnknownInstitution(uint32 institution);
    /// @notice The issuer's state does not allow this.
    error IssuerRegistryWrongState(uint32 institution, uint8 state);
    /// @notice A name is 1 to 256 bytes of UTF-8 without control characters.
    error IssuerRegistryNameMalformed(string name);
    /// @notice A name that looks the same belongs to another institution.
    error IssuerRegistryNameTaken(bytes32 foldedNameHash, uint32 institution);
    /// @notice A DID is 8 to 256 printable ASCII characters that begin with `did:`.
    error IssuerRegistryDidMalformed(string did);
    /// @notice The DID is registered.
    error IssuerRegistryDidTaken(bytes32 didHash, uint32 institution);
    /// @notice A scope has a framework, ranks in order, and a window in order.
    error IssuerRegistryScopeMalformed(uint256 position);
    /// @notice An issuer is admitted with at least one scope.
    error IssuerRegistryNoScope(uint32 institution);
    /// @notice The issuer has no such scope.
    error IssuerRegistryUnknownScope(uint32 institution, uint16 index);
    /// @notice A scope ends no earlier than now and no later than it would have.
    error IssuerRegistryEndOutOfBounds(uint40 to, uint40 earliest, uint40 latest);
    /// @notice The issuer is not recognised now.
    error IssuerRegistryNotRecognised(uint32 institution, uint8 state);
    /// @notice The scope is not in force now.
    error IssuerRegistryScopeNotInForce(uint32 institution, uint16 index);
    /// @notice The caller is no ADMIN of the institution.
    error IssuerRegistryNotAdmin(uint32 institution, address caller);
    /// @notice A key is not zero.
    error IssuerRegistryKeyMalformed(bytes32 key);
    /// @notice The key is registered; a key has one owner and one usage for ever.
    error IssuerRegistryKeyTaken(bytes32 keyHash, uint32 institution);
    /// @notice There are two usages.
    error IssuerRegistryUnknownUsage(uint8 usage);
    /// @notice There is no such key.
    error IssuerRegistryUnknownKey(bytes32 keyHash);
    /// @notice The key is retired.
    error IssuerRegistryKeyRetired(bytes32 keyHash, uint40 until);
    /// @notice A cut-off lies between `earliest` and now, and only ever moves to an earlier time.
    error IssuerRegistrySinceOutOfBounds(uint40 since, uint40 earliest, uint40 latest);

    event IssuerRegistered(uint32 indexed institution, bytes32 indexed didHash, string did, string name);
    event IssuerRenamed(uint32 indexed institution, bytes32 indexed nameHash, string name);
    event DidAdded(uint32 indexed institution, bytes32 indexed didHash, string did);
    event IssuerRecognised(uint32 indexed institution);
    event IssuerSuspended(uint32 indexed institution, bytes32 indexed document);
    event IssuerReinstated(uint32 indexed institution, bytes32 indexed document);
    event IssuerWithdrawn(uint32 indexed institution, bytes32 indexed document);
    event ScopeAdded(uint32 indexed institution, uint16 indexed index, Scope scope);
    event ScopeEnded(uint32 indexed institution, uint16 indexed index, uint40 to);
    event KeyAdded(uint32 indexed institution, bytes32 indexed keyHash, bytes32 key, uint8 usage);
    event KeyRetired(uint32 indexed institution, bytes32 indexed keyHash);
    event KeyMarkedCompromised(uint32 indexed institution, bytes32 indexed keyHash, uint40 since);

    /// @notice Enter an institution as an issuer, state applied. Alliance only.
    /// @param foldedNameHash keccak256 of the name folded so that look-alikes become equal; the voters check it.
    function register(uint32 institution, string calldata name, bytes32 foldedNameHash, string calldata did) external;

    /// @notice Add a DID under which the issuer's credentials may stand. Alliance only.
    function addDid(uint32 institution, string calldata did) external;

    /// @notice Change the issuer's name; the old one stays reserved for it. Alliance only.
    function rename(uint32 institution, string calldata name, bytes32 foldedNameHash) external;

    /// @notice Recognise an applied or withdrawn issuer, with its scopes. Alliance only.
    function admit(uint32 institution, Scope[] calldata scopes_) external;

    /// @notice Add a scope. Alliance only.
    function addScope(uint32 institution, Scope calldata scope_) external;

    /// @notice End a scope now or later, never earlier than now. Alliance only.
    function endScope(uint32 institution, uint16 index, uint40 to) external;

    /// @notice Suspend a recognised issuer. Alliance only.
    function suspend(uint32 institution, bytes32 document) external;

    /// @notice Recognise a suspended issuer again. Alliance only.
    function reinstate(uint32 institution, bytes32 document) external;

    /// @notice End an issuer's recognition or application. Alliance only.
    function withdraw(uint32 institution, bytes32 document) external;

    /// @notice Add a raw Ed25519 public key to the caller's institution. ADMIN only.
    function addKey(bytes32 key_, uint8 usage) external;

    /// @notice End a key's use, now. ADMIN of its institution only.
    function retireKey(bytes32 keyHash) external;

    /// @notice Say since when a key was in wrong hands: ADMIN at most 90 days back, the Alliance any time. Only ever
    /// earlier.
    function markKeyCompromised(bytes32 keyHash, uint40 since) external;

    function issuer(uint32 institution) external view returns (Issuer memory);

    /// @notice A change of state, from 1.
    function stateChange(uint32 institution, uint16 index) external view returns (StateChange memory);

    /// @notice A scope, from 1.
    function scope(uint32 institution, uint16 index) external view returns (Scope memory);

    /// @notice Whose DID this is; 0: nobody's.
    function institutionOfDid(bytes32 didHash) external view returns (uint32);

    /// @notice Whose folded name this is; 0: nobody's.
    function institutionOfName(bytes32 foldedNameHash) external view returns (uint32);

    function key(bytes32 keyHash) external view returns (Key memory);

    function isRecognised(uint32 institution) external view returns (bool);

    /// @notice Reverts unless the institution is recognised and that scope of it in force, now.
    function requireInForce(uint32 institution, uint16 scopeIndex) external view;

    function operators() external view returns (address);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Which institutions may issue what, under which names
/// @notice applied -> recognised (with scopes) <-> suspended -> withdrawn. Hashes stand in storage, texts in the events.
/// Every record that a proof names is one slot, reached by number or hash. Keys and DIDs stand in Keys.
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

    /// @notice There is no such institution.
    error IssuerRegistryUnknownInstitution(uint32 institution);
    /// @notice The issuer's state does not allow this.
    error IssuerRegistryWrongState(uint32 institution, uint8 state);
    /// @notice A name is 1 to 256 bytes of UTF-8 without control characters.
    error IssuerRegistryNameMalformed(string name);
    /// @notice A name that looks the same belongs to another institution.
    error IssuerRegistryNameTaken(bytes32 foldedNameHash, uint32 institution);
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

    event IssuerRegistered(uint32 indexed institution, bytes32 indexed nameHash, string name);
    event IssuerRenamed(uint32 indexed institution, bytes32 indexed nameHash, string name);
    event IssuerRecognised(uint32 indexed institution);
    event IssuerSuspended(uint32 indexed institution, bytes32 indexed document);
    event IssuerReinstated(uint32 indexed institution, bytes32 indexed document);
    event IssuerWithdrawn(uint32 indexed institution, bytes32 indexed document);
    event ScopeAdded(uint32 indexed institution, uint16 indexed index, Scope scope);
    event ScopeEnded(uint32 indexed institution, uint16 indexed index, uint40 to);

    /// @notice Enter an institution as an issuer, state applied. Alliance only.
    /// @param foldedNameHash keccak256 of the name folded so that look-alikes become equal; the voters check it.
    function register(uint32 institution, string calldata name, bytes32 foldedNameHash) external;

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

    function issuer(uint32 institution) external view returns (Issuer memory);

    /// @notice A change of state, from 1.
    function stateChange(uint32 institution, uint16 index) external view returns (StateChange memory);

    /// @notice A scope, from 1.
    function scope(uint32 institution, uint16 index) external view returns (Scope memory);

    /// @notice Whose folded name this is; 0: nobody's.
    function institutionOfName(bytes32 foldedNameHash) external view returns (uint32);

    function isRecognised(uint32 institution) external view returns (bool);

    /// @notice Reverts unless the institution is recognised and that scope of it in force, now.
    function requireInForce(uint32 institution, uint16 scopeIndex) external view;

    function operators() external view returns (address);
}

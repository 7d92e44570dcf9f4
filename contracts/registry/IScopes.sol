// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What an issuer may issue: scopes, each below a parent
/// @notice A scope belongs to one admission of its holder and names its parent, the Alliance or another institution's
/// scope. It is in force while it and every scope above it is.
interface IScopes {
    /// @notice In whose name a scope is suspended; the Alliance lifts both.
    enum Suspension {
        None,
        ByAccreditor,
        ByAlliance
    }

    /// @notice What a scope covers, as it is asked for.
    struct Terms {
        uint32 framework;
        uint32 qualificationType; // 0: any
        uint8 lowestRank;
        uint8 highestRank;
        uint16 region; // 0: any
        uint40 from;
        uint40 to; // first second out of force; 0: open
    }

    /// @notice What an issuer may issue, where and when, and below whose scope. One slot. It never changes but for `to`
    /// and `suspension`.
    struct Scope {
        uint32 framework;
        uint32 qualificationType; // 0: any
        uint8 lowestRank;
        uint8 highestRank;
        uint16 region; // 0: any
        uint40 from;
        uint40 to; // first second out of force; 0: open
        uint16 admission; // dead under every later one
        uint32 parentInstitution; // 0: the Alliance gave it
        uint16 parentScope;
        uint8 depth; // 1: the Alliance gave it; 4 at most
        Suspension suspension;
    }

    /// @notice How a scope came about. One slot.
    struct Origin {
        uint40 createdAt;
        uint16 operatorIndex; // of the parent's institution; 0: by vote
        uint40 suspendedSince; // 0: not suspended
    }

    /// @notice Whose scope another is given under, and by which of its operators.
    struct Parent {
        uint32 institution;
        uint16 scope;
        uint16 operatorIndex;
    }

    /// @notice A scope has a framework, ranks in order, and a window in order.
    error IssuerRegistryScopeMalformed(uint256 position);
    /// @notice The issuer has no such scope.
    error IssuerRegistryUnknownScope(uint32 institution, uint16 index);
    /// @notice A scope ends no earlier than now and no later than it would have; a hold no earlier than now.
    error IssuerRegistryEndOutOfBounds(uint40 to, uint40 earliest, uint40 latest);
    /// @notice The scope is not in force now.
    error IssuerRegistryScopeNotInForce(uint32 institution, uint16 index);
    /// @notice The scope belongs to an admission that has ended; none revives it.
    error IssuerRegistryScopeOfOldAdmission(uint32 institution, uint16 index, uint16 admission);
    /// @notice The scope is suspended.
    error IssuerRegistryScopeSuspended(uint32 institution, uint16 index);
    /// @notice The scope is not suspended, or by a vote that only a vote lifts.
    error IssuerRegistryCannotLift(uint32 institution, uint16 index, Suspension suspension);
    /// @notice The scope asked for at `position` reaches beyond its parent's.
    error IssuerRegistryScopeExceedsParent(uint256 position, uint32 parentInstitution, uint16 parentScope);
    /// @notice No scope is given under that one: it is the fourth of its chain.
    error IssuerRegistryTooDeep(uint32 parentInstitution, uint16 parentScope);
    /// @notice Nobody accredits itself.
    error IssuerRegistryOwnParent(uint32 institution);
    /// @notice The scope (0: the admission) has no parent, so the Alliance alone decides on it.
    error IssuerRegistryNoParent(uint32 institution, uint16 index);
    /// @notice The parent's institution has no such acting operator.
    error IssuerRegistryUnknownCreator(uint32 institution, uint16 operatorIndex);
    /// @notice The caller is not the contract that the Directory names Accreditation (nor, where it may be, the Alliance).
    error IssuerRegistryNotAccreditation(address caller);

    /// @notice An issuer has one scope more.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @param scope What it covers, and below whose scope.
    /// @param operatorIndex Of the parent's institution, who gave it; 0: by vote.
    /// @param document Hash of the document that explains it.
    event ScopeAdded(
        uint32 indexed institution, uint16 indexed index, Scope scope, uint16 operatorIndex, bytes32 indexed document
    );
    /// @notice A scope ends, now or later.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @param to The first second out of force.
    /// @param document Hash of the document that explains it.
    event ScopeEnded(uint32 indexed institution, uint16 indexed index, uint40 to, bytes32 indexed document);
    /// @notice A scope is suspended.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @param by In whose name; a vote takes the place of an accreditor's.
    /// @param document Hash of the document that explains it.
    event ScopeSuspended(uint32 indexed institution, uint16 indexed index, Suspension by, bytes32 indexed document);
    /// @notice A scope is suspended no more.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @param by In whose name.
    /// @param document Hash of the document that explains it.
    event ScopeLifted(uint32 indexed institution, uint16 indexed index, Suspension by, bytes32 indexed document);

    /// @notice Add a scope to the present admission. Alliance only.
    /// @param institution The issuer.
    /// @param terms What it covers.
    /// @param document Hash of the document that explains it.
    function addScope(uint32 institution, Terms calldata terms, bytes32 document) external;

    /// @notice Add a scope below another institution's. The contract named Accreditation only.
    /// @param institution The issuer.
    /// @param terms What it covers.
    /// @param parent A scope in force that covers this one, and the operator who gave it.
    /// @param document Hash of the document that explains it.
    function addScopeUnder(uint32 institution, Terms calldata terms, Parent calldata parent, bytes32 document)
        external;

    /// @notice End a scope now or later, never earlier than now. Alliance only.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @param to The first second out of force; 0: that of the call.
    /// @param document Hash of the document that explains it.
    function endScope(uint32 institution, uint16 index, uint40 to, bytes32 document) external;

    /// @notice Stop a scope, and those below it, for a while. The Alliance; the contract named Accreditation where the
    /// scope has a parent.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @param document Hash of the document that explains it.
    function suspendScope(uint32 institution, uint16 index, bytes32 document) external;

    /// @notice Lift a suspension: the Alliance any, the contract named Accreditation its own.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @param document Hash of the document that explains it.
    function liftScope(uint32 institution, uint16 index, bytes32 document) external;

    /// @notice A scope, from 1.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @return The slot; zeros where there is none.
    function scope(uint32 institution, uint16 index) external view returns (Scope memory);

    /// @notice How a scope came about, from 1.
    /// @param institution The issuer.
    /// @param index The scope's number, from 1.
    /// @return The slot; zeros where there is none.
    function scopeOrigin(uint32 institution, uint16 index) external view returns (Origin memory);

    /// @notice Reverts unless that scope and every one above it is in force now: its institution recognised and in the
    /// admission that it belongs to, not suspended, not held.
    /// @param institution The issuer.
    /// @param scopeIndex The scope's number, from 1.
    function requireInForce(uint32 institution, uint16 scopeIndex) external view;
}

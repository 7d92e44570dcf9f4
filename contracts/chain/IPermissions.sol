// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What the node reads at the parent state, without running the EVM
/// @notice Who may transact and deploy, which peers may connect, who validates, and the chain's limits. The floors stand
/// here, so that no vote can brick the chain.
interface IPermissions {
    /// @notice What an account may do. One slot.
    struct Account {
        uint32 transact; // how many reasons there are; 0: may not
        bool deploy;
    }

    /// @notice A validator's record. One slot.
    struct Validator {
        uint64 power;
        uint32 institution;
        uint32 index; // position in the set, from 1; 0: not in it
    }

    /// @notice A validator as it is handed in and out.
    struct ValidatorPower {
        bytes32 key; // raw Ed25519 public key
        uint64 power;
        uint32 institution;
    }

    /// @notice The chain's limits. One slot.
    struct Parameters {
        uint64 gasLimit;
        uint32 maxBlockBytes;
        uint32 maxTransactionBytes;
        uint16 heartbeatSeconds;
        uint32 evidenceMaxBytes;
    }

    /// @notice How much power moved in one block. One slot.
    struct Movement {
        uint40 blockNumber;
        uint64 total; // before the block
        uint64 moved;
    }

    /// @notice Only Operators says who may transact.
    error PermissionsNotOperators(address caller);
    /// @notice The account holds no right to release.
    error PermissionsNotAcquired(address account);
    /// @notice The parameter's value would leave the bounds within which the chain can still vote.
    error PermissionsParameterOutOfBounds(bytes32 name, uint256 value, uint256 lowest, uint256 highest);
    /// @notice At least one validator stays.
    error PermissionsEmptySet();
    /// @notice The set holds at most this many.
    error PermissionsTooMany(uint256 highest);
    /// @notice The key stands in the set already.
    error PermissionsDuplicateValidator(bytes32 key);
    /// @notice The key does not stand in the set.
    error PermissionsUnknownValidator(bytes32 key);
    /// @notice A validator keeps its institution.
    error PermissionsValidatorOfAnother(bytes32 key, uint32 institution);
    /// @notice A validator belongs to an institution.
    error PermissionsNoInstitution(bytes32 key);
    /// @notice A new validator enters with power 1, and is raised once it was seen to sign.
    error PermissionsEntersWithOne(bytes32 key, uint64 power);
    /// @notice A validator's power has bounds.
    error PermissionsPowerOutOfBounds(bytes32 key, uint64 power, uint64 highest);
    /// @notice Below four validating institutions, each change needs every member's vote.
    error PermissionsNotUnanimous(uint256 institutions);
    /// @notice The changes of one block move less than a third of the power.
    error PermissionsTooMuchMoved(uint64 moved, uint64 total);
    /// @notice From four institutions on, none holds a third of the power.
    error PermissionsInstitutionTooStrong(uint32 institution, uint64 power, uint64 total);

    event TransactAcquired(address indexed account);
    event TransactReleased(address indexed account);
    event DeployChanged(address indexed account, bool allowed);
    event PeerChanged(bytes20 indexed peerId, bool allowed);
    event ValidatorChanged(bytes32 indexed key, uint32 indexed institution, uint64 power);
    event ParametersChanged(Parameters parameters);

    /// @notice Enter validators of block 1 with any power. The founder only, before the sealing, which holds the rule of
    /// the third.
    function foundValidators(ValidatorPower[] calldata set) external;

    /// @notice Give one more reason why the account may transact. Operators only.
    function acquire(address account_) external;

    /// @notice Take one reason back. Operators only.
    function release(address account_) external;

    /// @notice Allow or forbid an account to create contracts. Alliance only.
    function setDeploy(address account_, bool allowed) external;

    /// @notice Allow or forbid a peer, by its 20-byte node id. Alliance only.
    function setPeer(bytes20 peerId, bool allowed) external;

    /// @notice Add a validator with power 1, change its power, or remove it with power 0. Alliance only.
    function setValidator(bytes32 key, uint64 power, uint32 institution) external;

    /// @notice Change the chain's limits, within their bounds. Alliance only.
    function setParameters(Parameters calldata parameters_) external;

    function account(address account_) external view returns (Account memory);

    function validator(bytes32 key) external view returns (Validator memory);

    function validators() external view returns (ValidatorPower[] memory);

    function isPeer(bytes20 peerId) external view returns (bool);

    function peers() external view returns (bytes20[] memory);

    function parameters() external view returns (Parameters memory);

    function operators() external view returns (address);
}

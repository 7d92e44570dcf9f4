// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Who validates, with which power
/// @notice Only members of the Alliance validate. Below four validating institutions each change needs the yes of each
/// of them; from four on none holds a third of the power, and less than a third moves in one block.
interface IValidators {
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

    /// @notice How much power moved in one block. One slot.
    struct Movement {
        uint40 blockNumber;
        uint64 total; // before the block
        uint64 moved;
    }

    /// @notice What the engine has proof of, numbered as CometBFT numbers it.
    enum Misbehaviour {
        Unknown,
        DuplicateVote,
        LightClientAttack
    }

    /// @notice At least one validator stays: another member's enters first.
    error PermissionsEmptySet();
    /// @notice The set, or the list of peers, holds at most this many.
    error PermissionsTooMany(uint256 highest);
    /// @notice The key stands in the set already.
    error PermissionsDuplicateValidator(bytes32 key);
    /// @notice The key does not stand in the set.
    error PermissionsUnknownValidator(bytes32 key);
    /// @notice The key stood in the set for another institution, or where one never used is asked for, at all.
    error PermissionsKeyUsedBefore(bytes32 key, uint32 institution);
    /// @notice A validator keeps its institution.
    error PermissionsValidatorOfAnother(bytes32 key, uint32 institution);
    /// @notice A validator belongs to an institution.
    error PermissionsNoInstitution(bytes32 key);
    /// @notice Only members validate: the institution joins first.
    error PermissionsNotMember(bytes32 key, uint32 institution);
    /// @notice A new validator enters with power 1, and is raised once it was seen to sign.
    error PermissionsEntersWithOne(bytes32 key, uint64 power);
    /// @notice A validator's power has bounds.
    error PermissionsPowerOutOfBounds(bytes32 key, uint64 power, uint64 highest);
    /// @notice Below four validating institutions, each change needs the yes of each of them: this one's is missing.
    error PermissionsNotUnanimous(uint32 missing, uint256 institutions);
    /// @notice The changes of one block move less than a third of the power.
    error PermissionsTooMuchMoved(uint64 moved, uint64 total);
    /// @notice From four institutions on, none holds a third of the power: lower this one's first.
    error PermissionsInstitutionTooStrong(uint32 institution, uint64 power, uint64 total);
    /// @notice The caller is no GOVERN account of the validator's institution.
    error PermissionsNotGovern(address caller, uint32 institution);
    /// @notice An institution leaves by itself where at least so many validate; else the Alliance decides.
    error PermissionsTooFewToLeave(uint256 institutions, uint256 lowest);
    /// @notice Only the node, as a system call, may do this.
    error PermissionsNotSystem(address caller);

    /// @notice A validator entered, left, or has another power.
    /// @param key Its raw Ed25519 public key.
    /// @param institution Whose it is.
    /// @param power What it has from now on; 0: it left.
    event ValidatorChanged(bytes32 indexed key, uint32 indexed institution, uint64 power);

    /// @notice An institution took a validator of its own out of the set.
    /// @param key Its raw Ed25519 public key.
    /// @param institution Whose it was.
    /// @param account The GOVERN account that did it.
    event ValidatorWithdrawn(bytes32 indexed key, uint32 indexed institution, address account);

    /// @notice The engine proved that a validator broke its rules.
    /// @param institution Whose key it is or was; 0 where the key never stood in the set.
    /// @param key Its raw Ed25519 public key.
    /// @param height The engine's height at which it did.
    /// @param kind What it did.
    event ValidatorMisbehaved(
        uint32 indexed institution, bytes32 indexed key, uint64 indexed height, Misbehaviour kind
    );

    /// @notice Enter members' validators of block 1 with any power. The founder only, before the sealing, which holds the
    /// rule of the third.
    /// @param set The validators.
    function foundValidators(ValidatorPower[] calldata set) external;

    /// @notice Add a validator with power 1, change its power, or remove it with power 0. Alliance only.
    /// @param key Its raw Ed25519 public key.
    /// @param power What it shall have.
    /// @param institution Whose it is: a member's, unless the power goes down.
    function setValidator(bytes32 key, uint64 power, uint32 institution) external;

    /// @notice Take all validators of an institution out, as its membership ends. Alliance only; below four validating
    /// institutions with the yes of each of the others.
    /// @param institution Whose.
    function removeValidatorsOf(uint32 institution) external;

    /// @notice Take a validator of the caller's own institution out; where at least five institutions validate.
    /// @param key Its raw Ed25519 public key.
    function withdrawValidator(bytes32 key) external;

    /// @notice Write down what the engine has proof of. The node alone, as a system call; it never reverts for it.
    /// @param key The validator's raw Ed25519 public key.
    /// @param height The engine's height at which it happened.
    /// @param kind What happened.
    function recordMisbehaviour(bytes32 key, uint64 height, Misbehaviour kind) external;

    /// @notice A validator's record; all zero where the key does not stand in the set.
    /// @param key Its raw Ed25519 public key.
    /// @return The record.
    function validator(bytes32 key) external view returns (Validator memory);

    /// @notice The set, in the engine's order.
    /// @return Each validator with its power and institution.
    function validators() external view returns (ValidatorPower[] memory);

    /// @notice The institution for which a key stands or ever stood in the set; 0: none.
    /// @param key A raw Ed25519 public key.
    /// @return The institution's number.
    function usedBy(bytes32 key) external view returns (uint32);

    /// @notice The contract that says who acts for which institution.
    /// @return Its address.
    function operators() external view returns (address);
}

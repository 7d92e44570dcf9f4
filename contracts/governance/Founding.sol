// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {IFounding} from "./IFounding.sol";

/// @title A contract whose constructor could not take all that it begins with
/// @dev The founder has a slot of its own far from the others: it is empty from the sealing on, and the layouts that
/// readers pin do not know it.
abstract contract Founding is IFounding {
    using StorageSlot for bytes32;

    bytes32 private constant FOUNDER = keccak256("testamur.founding.founder");

    constructor() {
        FOUNDER.getAddressSlot().value = msg.sender;
    }

    modifier onlyFounder() {
        address founder_ = founder();
        require(founder_ != address(0), FoundingSealed());
        require(msg.sender == founder_, FoundingNotFounder(msg.sender));
        _;
    }

    modifier onlySealed() {
        _requireSealed();
        _;
    }

    /// @inheritdoc IFounding
    function seal() external onlyFounder {
        _requireComplete();
        FOUNDER.getAddressSlot().value = address(0);
        emit Sealed(msg.sender);
    }

    /// @inheritdoc IFounding
    function isSealed() public view returns (bool) {
        return founder() == address(0);
    }

    /// @inheritdoc IFounding
    function founder() public view returns (address) {
        return FOUNDER.getAddressSlot().value;
    }

    function _requireSealed() internal view {
        require(isSealed(), FoundingNotSealed(address(this)));
    }

    /// @dev Reverts where the contract could not act with what was entered.
    function _requireComplete() internal view virtual;
}

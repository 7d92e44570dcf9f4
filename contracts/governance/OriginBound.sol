// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import {IOriginBound} from "./IOriginBound.sol";

/// @title EIP-712 messages that are bound to the chain by the hash of its block 0
/// @dev OpenZeppelin's EIP712 knows no salt. A contract of genesis cannot be given the hash of the block that it is part
/// of, so it asks BlockHistory, which knows it from block 1 on and never again otherwise.
abstract contract OriginBound is IOriginBound {
    using ShortStrings for ShortString;

    bytes32 private constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    );
    bytes1 private constant FIELDS = hex"1f"; // of ERC-5267: all five

    ShortString private immutable _domainName;
    ShortString private immutable _domainVersion;
    address private immutable _history;
    bytes32 private immutable _origin;

    /// @param name The domain's name, at most 31 bytes.
    /// @param version The domain's version, at most 31 bytes.
    /// @param history BlockHistory of this chain.
    /// @param origin_ The hash of block 0 where BlockHistory is not written, on a chain that is not ours; else 0.
    constructor(string memory name, string memory version, address history, bytes32 origin_) {
        _domainName = ShortStrings.toShortString(name);
        _domainVersion = ShortStrings.toShortString(version);
        (_history, _origin) = (history, origin_);
    }

    /// @inheritdoc IOriginBound
    function origin() public view returns (bytes32) {
        (bool isRead, bytes memory answer) = _history.staticcall(abi.encode(uint256(0)));
        bytes32 known = isRead && answer.length == 32 ? bytes32(answer) : bytes32(0);
        return known == 0 ? _origin : known;
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        (name, version) = (_domainName.toString(), _domainVersion.toString());
        return (FIELDS, name, version, block.chainid, address(this), origin(), new uint256[](0));
    }

    /// @dev What is signed for a message of this contract. Reverts while the origin is not known.
    function _digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 salt = origin();
        require(salt != 0, OriginBoundUnknown());
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN,
                keccak256(bytes(_domainName.toString())),
                keccak256(bytes(_domainVersion.toString())),
                block.chainid,
                address(this),
                salt
            )
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }
}
